"""`check`: find errors in a database, and replay its online Elo.

`python -m db check` does the same without the ratings, because it has no formula.
"""

import argparse
from functools import partial
from typing import TYPE_CHECKING

from elo.commands import HELP
from elo.commands.shared.failures import Commands
from elo.online import settings_of, update

if TYPE_CHECKING:  # these modules load slowly, and other commands do not need them
    from sqlalchemy import Connection

    from db.queries import LedgerState, OnlineElo


def add_to(commands: Commands) -> None:
    command = commands.add_parser("check", help=HELP["check"])
    command.add_argument(
        "--db", metavar="URL", required=True, help="sqlite:///PATH or postgresql://USER:PASSWORD@HOST/NAME"
    )
    command.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Print the errors in the database, or that it is sound; return the exit code. Raises `CommandError` if it cannot
    be opened."""
    from db import queries
    from db.integrity import problems
    from elo.commands.shared.stored_votes import in_database

    def read(tx: "Connection", url: str) -> "tuple[LedgerState, OnlineElo | None, list[str], str]":
        state = queries.ledger_state(tx)
        settings = settings_of(state.elo_name)
        known = None
        if settings is not None:
            known = queries.OnlineElo(state.elo_name, settings.start, partial(update, settings=settings))
        return state, known, problems(tx, known), url

    state, known, found, url = in_database(arguments.db, read)
    if state.elo_revision != state.revision:
        ratings = "its online ratings are out of date; the next vote replays them"
    elif known is None:
        ratings = f"{state.elo_name!r} cannot be replayed" if state.elo_name else "no vote has moved its online ratings"
    else:
        ratings = f"its online ratings equal their replay ({state.elo_name})"
    print("\n".join(found) or f"{url} is sound; {ratings}")
    return 1 if found else 0
