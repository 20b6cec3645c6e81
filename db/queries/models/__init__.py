"""What is known about each model: its record, the reasons that voters gave, its scores, and what happened lately."""
