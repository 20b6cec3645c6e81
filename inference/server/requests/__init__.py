"""Requests: from bytes to checked fields, and from those to token ids."""
