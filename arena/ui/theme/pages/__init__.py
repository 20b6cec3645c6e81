"""What one page alone has: the leaderboard, a shared battle, the visitor's own page, the owner's."""
