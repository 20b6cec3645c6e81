"""Changes to Gradio itself: cheaper updates of a page, and bounded sessions on the server."""
