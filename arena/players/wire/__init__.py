"""The HTTP exchange with a model server: one request sent, one stream of events read."""
