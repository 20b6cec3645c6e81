"""The command line of the database: export and import votes, back up, check.

python -m db export votes.jsonl              write every vote, one JSON object per line; texts only with consent
python -m db import votes.jsonl --data new   add all of them or, after a bad line, none
python -m db backup copy.sqlite              copy the database while the arena runs
python -m db check                           check the database (python -m elo check: the live ratings too)
"""

import argparse
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from db import __version__, exchange
from db.errors import DatabaseError
from db.integrity import problems
from db.session import open_database


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; return its exit status."""
    options = _parser().parse_args(argv)
    url = options.db or f"sqlite:///{options.data / 'arena.sqlite'}"
    try:
        database = open_database(url, create=options.command == "import")
        try:
            match options.command:
                case "export":
                    done = exchange.export_votes(database, options.file, all_texts=options.all_texts, progress=_show)
                    for report in _left_out(done):
                        print(report, file=sys.stderr)
                    print(f"{done.n_votes:,} vote{'s' * (done.n_votes != 1)} written to {options.file}")
                case "import":
                    n_votes = exchange.import_votes(database, options.file, progress=_show)
                    print(f"{n_votes:,} vote{'s' * (n_votes != 1)} of {options.file} imported into {database.url}")
                case "backup":
                    exchange.backup(database, options.file)
                    print(f"{database.url} copied to {options.file}")
                case "check":
                    with database.read() as tx:
                        found = problems(tx)
                    print("\n".join(found) or f"{database.url} is sound (live ratings: python -m elo check)")
                    return 1 if found else 0
        finally:
            database.close()
    except (DatabaseError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    prog = "arena-db" if Path(sys.argv[0]).name == "arena-db" else "python -m db"
    parser = argparse.ArgumentParser(
        prog=prog, description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--version", action="version", version=f"arena {__version__}")
    commands = parser.add_subparsers(dest="command", required=True)
    for name, about in (
        ("export", "write every vote as JSON lines"),
        ("import", "add the votes of an export"),
        ("backup", "copy a SQLite database that is in use"),
        ("check", "check that the stored data is consistent"),
    ):
        command = commands.add_parser(name, help=about)
        if name != "check":
            command.add_argument("file", metavar="FILE", type=Path)
        if name == "export":
            command.add_argument(
                "--all-texts",
                action="store_true",
                help="export the texts of all battles, to move or back up your own arena; by default, texts are left "
                "out where the visitor has not agreed to publication, and while their deck is live",
            )
        where = command.add_mutually_exclusive_group()
        where.add_argument("--db", metavar="URL", help="sqlite:///PATH or postgresql://USER:PASSWORD@HOST/NAME")
        where.add_argument(
            "--data",
            metavar="DIR",
            type=Path,
            default=Path("data"),
            help="the folder of arena.sqlite (default: %(default)s)",
        )
    return parser


def _left_out(done: exchange.Exported) -> Iterator[str]:
    keeps = "--all-texts keeps them, for your own move or backup"
    if done.n_without_texts:
        yield (
            f"left out the texts of {done.n_without_texts:,} of {done.n_votes:,} battle{'s' * (done.n_votes != 1)}, "
            f"because their visitors have not agreed to publication; {keeps}"
        )
    if done.n_of_live_decks:
        yield (
            f"left out the prepared texts of {done.n_of_live_decks:,} quick battles, because their decks are live "
            f"({', '.join(done.live_decks)}); {keeps}"
        )


def _show(n_votes: int) -> None:
    if sys.stderr.isatty():
        print(f"\r{n_votes:,} vote{'s' * (n_votes != 1)} ", end="", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
