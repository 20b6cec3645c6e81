"""Quick rounds and campaigns, `/quick` and `/quick?campaign=`, and the forms that deal and vote.

screen      a prepared prompt with its two answers, before and after the vote
rounds      the page of a visitor's quick rounds; podium: the picture of a round
campaign    the page of a voter in a campaign
routes      the addresses: the page, its forms, the picture
"""

from arena.ui.plain.quick.routes import routes

__all__ = ["routes"]
