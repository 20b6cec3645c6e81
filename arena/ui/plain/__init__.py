"""Pages that the server makes whole, and what it adds to Gradio's.

    frame/      what every page has: where it is, its head, header and footer, and the whole of it
    early       the start page's prompt box until Gradio has made its own
    about       the text of /about
    pages       /about, the 404 page; what Gradio's pages get, and their text without script
    leaderboard/  the board, with filters; figures/: its figures; model/: a page for each model
    shared/     a battle under its share id; mine/: the visitor's own battles and data; quick/: rounds, campaigns
    owner/      the owner's page
    choices     the forms of every page; forms reads what is sent
    routes      addresses

`PlainPages` is for `web`, which puts its texts into the pages.
"""

from arena.ui.plain.pages import PlainPages
from arena.ui.plain.routes import routes

__all__ = ["PlainPages", "routes"]
