"""What is added to every HTML page on its way to the browser."""
