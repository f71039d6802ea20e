"""How the history's tables came to be what they are, one step per release."""
