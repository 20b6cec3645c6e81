"""How many votes each policy of the draw needs, in simulated arenas with known ratings."""
