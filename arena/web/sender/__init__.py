"""The sender of a request: a pseudonym from a cookie, and an HMAC of the address."""
