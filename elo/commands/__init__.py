"""The commands of `python -m elo`, one file each.

`add_to` adds the parser of a command, and `run` does its work.

    recompute  a board from a database or from votes files
    check      errors in a database, and a replay of its online Elo
    quality    how far the votes can be trusted
    compare    what moved between two boards
    plan       what to play next
    simulate   votes from known ratings

    shared     what several commands need

`elo.__main__` parses the command line, and imports the module of the command that was called alone. A command imports
the database when it runs, so votes files are rated without SQLAlchemy.
"""

from collections.abc import Mapping

HELP: Mapping[str, str] = {
    "recompute": "rate the votes of a database or of files",
    "check": "find errors in a database, and replay its online ratings",
    "quality": "report how far the votes can be trusted: habits, careless voters, pushes for one model",
    "compare": "show what moved between two boards, and whether by more than chance",
    "plan": "propose battles: those that separate models, and the most informative pairs",
    "simulate": "write votes from known ratings",
}
"""Command -> what it does."""
