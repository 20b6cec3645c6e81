"""Commands for the owner of an arena. Without a command, `arena` starts the arena.

arena init                                write arena.toml into this folder, with the four demo models
arena check                               ask each model once before a start, and print the settings that it needs
arena moderation-check --moderator NAME   measure a model that is to judge prompts and answers
arena fill-deck NAME --prompts FILE       ask the models for answers to prepared prompts
arena decks                               list the decks of prepared prompts; start, stop, remove or save one
arena campaign create --name NAME --deck DECK --people 5
                                          let five people judge the same prepared pairs, by a link
arena campaign report NAME                progress, agreement between voters, and the board of a campaign
arena simulate-crowd                      let simulated voters hold battles in a running arena
arena admin recompute-verdicts --dry-run  print what the present rules would change
arena admin recompute-verdicts            the same, and store it; an arena may run on the database meanwhile

In a clone that is not installed, `python -m arena` takes the same commands.
"""

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from arena import __version__
from arena.commands import (
    campaign,
    check,
    decks,
    fill_deck,
    init_file,
    moderation_check,
    simulate_crowd,
    verdicts,
)
from arena.settings import SettingsError
from db.errors import DatabaseError


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; return the exit code."""
    options = _parser().parse_args(argv)
    try:
        code: int = options.run(options, os.environ)
    except (SettingsError, DatabaseError) as error:
        print("error:", " ".join(str(error).split()), file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        rest = getattr(options, "when_stopped", "")
        print(f"stopped{'; ' + rest if rest else ''}", file=sys.stderr)
        return 130
    return code


def _parser() -> argparse.ArgumentParser:
    prog = "arena" if Path(sys.argv[0]).name == "arena" else "python -m arena"
    parser = argparse.ArgumentParser(
        prog=prog, description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--version", action="version", version=f"arena {__version__}")
    commands = parser.add_subparsers(dest="command", required=True)
    init_file.add_to(commands)
    check.add_to(commands)
    moderation_check.add_to(commands)
    fill_deck.add_to(commands)
    decks.add_to(commands)
    campaign.add_to(commands)
    simulate_crowd.add_to(commands)
    admin = commands.add_parser("admin", help="work on the stored votes")
    verdicts.add_to(admin.add_subparsers(dest="step", required=True))
    return parser


if __name__ == "__main__":
    sys.exit(main())
