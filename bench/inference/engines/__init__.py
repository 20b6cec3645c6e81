"""The compared engines, behind one interface."""
