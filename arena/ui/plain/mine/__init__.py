"""The visitor's own page, `/mine`: battles and votes, ratings from them, and what happens to the data.

place       the page's own address: filters, the next page
battles     the list
own_board   ratings from the visitor's votes alone
data        publishing, download, deletion
page        the whole text
routes      the addresses
"""

from arena.ui.plain.mine.routes import routes

__all__ = ["routes"]
