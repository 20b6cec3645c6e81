"""Changes to Gradio itself: cheaper updates of a page, and less memory for each session."""
