"""What visitors may do and which votes count, as pure functions.

Effects are in `arena.service`.
"""
