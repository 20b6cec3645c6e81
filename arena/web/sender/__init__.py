"""Who sent a request: the visitor's pseudonym from a cookie, and a hash of the address."""
