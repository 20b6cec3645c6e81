"""The documentation: pages in Markdown, the pictures in them, and the programs that make both."""
