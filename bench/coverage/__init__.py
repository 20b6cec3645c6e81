"""How often 95 % intervals contain the true rating, and ranks claim what is false, in simulated tournaments."""
