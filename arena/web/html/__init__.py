"""Changes to every page on its way to the browser: texts, language, scripts."""
