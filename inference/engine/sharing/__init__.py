"""How the models of one process share its memory and its one thread."""
