"""The page of a battle under its share id, `/battle?id=`, and the forms after a vote.

page        the battle as HTML, with its title and description; pure
routes      the addresses: the page, and where its visitor shares it and gives reasons
"""

from arena.ui.plain.shared.routes import routes

__all__ = ["routes"]
