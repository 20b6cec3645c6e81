"""How often intervals contain the true rating, and ranks claim something false, in simulated tournaments."""
