"""Every page and state in a real browser."""
