"""The HTTP exchange with a model server."""
