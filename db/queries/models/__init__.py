"""What is known of each model: its record, what voters say of it, its scores, and what happened lately."""
