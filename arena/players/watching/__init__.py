"""Whether a model can play now, and how it has done: failures and pauses, success and speed."""
