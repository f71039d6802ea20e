"""What was consumed: from positions seen one after the other to calls per hour and day."""
