"""What a voter sees after the vote.

reveal      a record with its vote -> names, numbers, and how each model was asked; pure
ranks       the board that a reveal shows, without waiting for a slow one
"""
