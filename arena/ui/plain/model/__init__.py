"""The page of a model, `/model?name=`: what the votes say of it.

page        the whole text
parts       its tables and lists
routes      the address
"""

from arena.ui.plain.model.routes import routes

__all__ = ["routes"]
