"""Visitors: who they are to the database, their consent, what they have done, and how they are forgotten."""
