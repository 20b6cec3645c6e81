"""Real clients against a real model server: what each sends, and whether it can use the answers (`make clients`)."""
