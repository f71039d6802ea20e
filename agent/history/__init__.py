"""Where consumption survives the agent: SQLite, or PostgreSQL."""
