"""The command line of ratings.

    python -m elo recompute --db URL | --votes FILE [FILE ...]    a board, as a table and as JSON
    python -m elo check --db URL                                  errors in a database, live ratings too
    python -m elo quality --db URL | --votes FILE [FILE ...]      how far the votes can be trusted
    python -m elo compare A.json B.json                           what moved, and whether by more than chance
    python -m elo plan --db URL | --votes FILE [FILE ...]         what to play next
    python -m elo simulate OUT.csv                                votes from known ratings

Each command is a module of `elo.commands`.
"""

import argparse
import os
import signal
import sys
from collections.abc import Collection, Sequence
from importlib import import_module
from pathlib import Path

from elo import __version__
from elo.commands import HELP
from elo.commands.shared.failures import CommandError, UsageError


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return the exit code. An error of a user, a file or a database is one line on stderr."""
    argv = sys.argv[1:] if argv is None else argv
    called = next((word for word in argv if not word.startswith("-")), "")
    parser = _parser({called})
    arguments = parser.parse_args(argv)
    try:
        code: int = arguments.run(arguments)
        if sys.stdout is not None:  # None if it was closed
            sys.stdout.flush()
        return code
    except UsageError as error:
        parser.error(str(error))
    except BrokenPipeError:  # the reader of our output, such as head, has stopped
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # or the interpreter's last flush fails
        return 128 + signal.SIGPIPE
    except OSError as error:  # files are translated where they are read and written
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        print(f"error: the output cannot be written: {error.strerror or error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("stopped; no file is half written", file=sys.stderr)
        return 130
    except _of_users() as error:
        print(f"error: {error}{_hint(error)}", file=sys.stderr)
        return 1


def _hint(error: Exception) -> str:
    """The options that help."""
    from elo.votes.votes_file import BadRowError, OtherColumnsError

    if isinstance(error, OtherColumnsError):
        return (
            "; columns with other names can be named: --columns a=white,b=black,winner=result; --format reads exports "
            "of other projects"
        )
    return "; --skip-bad skips such rows" if isinstance(error, BadRowError) else ""


def _of_users() -> tuple[type[Exception], ...]:
    """The errors of votes and settings. They are imported when something was raised, because they load slowly."""
    from elo.battles import MissingDataError
    from elo.fit.bradley_terry import ConvergenceError, NoMaximumError
    from elo.fit.clusters import ClusterError
    from elo.votes.votes_file import VotesFileError

    return CommandError, VotesFileError, MissingDataError, NoMaximumError, ClusterError, ConvergenceError


def _parser(called: Collection[str] = HELP.keys()) -> argparse.ArgumentParser:
    """The parser with the arguments of these commands; of the others it has the names alone, and imports nothing."""
    prog = "arena-elo" if Path(sys.argv[0]).name == "arena-elo" else "python -m elo"
    parser = argparse.ArgumentParser(prog=prog, description="Ratings from votes.")
    parser.add_argument("--version", action="version", version=f"arena {__version__}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name, what in HELP.items():
        if name in called:
            import_module(f"elo.commands.{name}").add_to(commands)
        else:
            commands.add_parser(name, help=what)
    return parser


if __name__ == "__main__":
    sys.exit(main())
