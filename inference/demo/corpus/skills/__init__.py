"""What the models are asked: numbers, letters, lists, facts, small talk and stories."""
