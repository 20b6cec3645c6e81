"""`check`: find errors in a database, and replay its online Elo.

`python -m db check` does the same without the ratings, because it has no formula.
"""

import argparse
from functools import partial

from elo.commands import HELP
from elo.commands.shared.failures import CommandError, Commands
from elo.online import settings_of, update


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
    from db.errors import DatabaseError
    from db.integrity import problems
    from db.session import open_database

    try:
        database = open_database(arguments.db, create=False)
        try:
            with database.read() as tx:
                state = queries.ledger_state(tx)
                known = None
                if (settings := settings_of(state.elo_name)) is not None:
                    known = queries.OnlineElo(state.elo_name, settings.start, partial(update, settings=settings))
                found = problems(tx, known)
        finally:
            database.close()
    except DatabaseError as error:
        raise CommandError(str(error)) from error
    if state.elo_revision != state.revision:
        ratings = "its online ratings are out of date; the next vote replays them"
    elif known is None:
        ratings = f"{state.elo_name!r} cannot be replayed" if state.elo_name else "no vote has moved its online ratings"
    else:
        ratings = f"its online ratings equal their replay ({state.elo_name})"
    print("\n".join(found) or f"{database.url} is sound; {ratings}")
    return 1 if found else 0
