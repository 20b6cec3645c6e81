"""How often 95 % intervals contain the true rating, in simulated tournaments with known ratings."""
