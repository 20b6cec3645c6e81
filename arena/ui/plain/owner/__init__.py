"""The owner's page, made on the server: it works without script, and a small script of its own renews the figures.

    overview   the page: models, settings, latest battles
    moderation what the moderator found
    trial      the page that asks one model one prompt
    routes     addresses and forms

`web.admin` decides who is let in.
"""

from arena.ui.plain.owner.routes import OwnerPages

__all__ = ["OwnerPages"]
