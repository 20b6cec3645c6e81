"""How long the leaderboard, its filters, a model's page and quick rounds take with a million votes."""
