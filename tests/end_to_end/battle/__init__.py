"""A battle in a real browser: its turns, its answers, and what follows the vote."""
