"""Votes: cast, withdrawn, banned, judged again, exported and imported."""
