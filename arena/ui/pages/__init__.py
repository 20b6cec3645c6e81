"""The pages, one module each: the battle, the leaderboard, the about page."""
