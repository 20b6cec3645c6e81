"""Requests as they come over the wire: from bytes to checked fields, and from those to token ids."""
