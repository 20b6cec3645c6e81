"""What follows the vote."""
