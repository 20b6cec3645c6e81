"""What is changed in every HTML page on its way to the browser: language, scripts, texts."""
