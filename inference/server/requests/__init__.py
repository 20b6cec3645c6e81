"""Requests, from bytes to checked fields and token ids."""
