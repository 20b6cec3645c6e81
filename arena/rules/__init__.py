"""What visitors may do and which votes count: pure functions of facts, with times passed in.

Effects are in `arena.service`.
"""
