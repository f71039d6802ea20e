"""When a job is due: cron expressions, time zones and the ticks that follow from them."""
