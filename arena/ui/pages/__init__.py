"""The pages: the battle, the leaderboard, the about page."""
