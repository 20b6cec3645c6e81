"""The page of a model, `/model?name=`: its rating, and its record by rival and by tag.

page        the whole text
parts       its tables and lists
routes      the address
"""

from arena.ui.plain.model.routes import routes

__all__ = ["routes"]
