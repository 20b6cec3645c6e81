"""Gradio's pages: the battle in its forms, whose answers stream."""
