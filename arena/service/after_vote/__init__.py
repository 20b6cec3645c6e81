"""What follows a vote: the reveal, feedback, sharing.

reveal      a record with its vote -> what a voter sees; pure
ranks       the board that a reveal shows, without waiting for a slow one
"""
