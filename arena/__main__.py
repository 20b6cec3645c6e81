"""Commands for the operator of an arena. Without a command, `arena` starts the arena.

arena init                                write arena.toml into this folder, with the four demo models
arena admin recompute-verdicts --dry-run  print what the present rules would change
arena admin recompute-verdicts            the same, and store it; an arena may run on the database meanwhile

In a clone that is not installed, `python -m arena` takes the same commands.
"""

import argparse
import os
import sys
from collections.abc import Mapping, Sequence
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

from arena import __version__
from arena.settings import Settings, SettingsError
from arena.settings.command_line import DEFAULT_FILE, add_options, settings_from
from db.errors import DatabaseError

if TYPE_CHECKING:
    from arena.service import Recomputed


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; return the exit code."""
    options = _parser().parse_args(argv)
    try:
        if options.command == "init":
            return _init()
        return _recompute_verdicts(options, os.environ)
    except (SettingsError, DatabaseError) as error:
        print("error:", " ".join(str(error).split()), file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("stopped; the verdicts stored so far are correct, and a second run judges the rest", file=sys.stderr)
        return 130


def _init() -> int:
    """Write the settings that ship with the package. Raises `SettingsError`."""
    shipped = files("arena").joinpath("arena.toml").read_bytes()
    try:
        with DEFAULT_FILE.open("xb") as file:
            file.write(shipped)
    except FileExistsError as error:
        raise SettingsError(
            f"{DEFAULT_FILE} is already in this folder and was not changed; start the arena with `arena`,"
            " or move the file away first"
        ) from error
    except OSError as error:
        raise SettingsError(f"cannot write {DEFAULT_FILE}: {error.strerror}; choose a folder that you own") from error
    print(f"Wrote {DEFAULT_FILE}: four demo models, and every setting with its default. Start the arena with `arena`.")
    return 0


def _recompute_verdicts(options: argparse.Namespace, env: Mapping[str, str]) -> int:
    """Raises `SettingsError`, `DatabaseError`."""
    from arena.service import recompute_verdicts
    from db.session import open_database
    from elo.commands.shared.progress import Progress

    settings = settings_from(options, env)
    progress = Progress()
    database = open_database(settings.database_url, create=False)
    try:
        found = recompute_verdicts(
            database,
            settings,
            is_dry_run=options.dry_run,
            progress=lambda n_votes: progress.count("judging", "votes", n_votes),
        )
    finally:
        progress.clear()
        database.close()
    print(_report(found, settings, is_dry_run=options.dry_run))
    return 0


def _report(found: "Recomputed", settings: Settings, *, is_dry_run: bool) -> str:
    """Return the lines to print about a run."""
    limits = settings.limits
    lines = [
        f"votes judged: {found.n_votes:,}, by rules of version {found.rules_version}"
        f" (votes_per_hour {limits.votes_per_hour}, min_read_s {limits.min_read_s:g})",
        f"verdicts that {'would change' if is_dry_run else 'changed'}: {found.n_changed:,}",
    ]
    for (before, after), n in sorted(found.changes.items(), key=lambda change: (-change[1], change[0])):
        lines.append(f"{n:>9,}  {_verdict(before)} -> {_verdict(after)}")
    lines.append(f"votes that count now and did not before: {found.n_newly_counted:,}")
    lines.append(f"votes that counted before and do not now: {found.n_no_longer_counted:,}")
    lines.append(f"votes without facts, which keep their old verdict: {found.n_kept:,}")
    if is_dry_run:
        lines.append("nothing was stored: run it without --dry-run to store this")
    return "\n".join(lines)


def _verdict(reasons: tuple[str, ...]) -> str:
    return ", ".join(reasons) or "counted"


def _parser() -> argparse.ArgumentParser:
    prog = "arena" if Path(sys.argv[0]).name == "arena" else "python -m arena"
    parser = argparse.ArgumentParser(
        prog=prog, description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--version", action="version", version=f"arena {__version__}")
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser(
        "init",
        help="write arena.toml into this folder",
        description="Write arena.toml into this folder: four demo models, and every setting with its default."
        " An existing file is never changed.",
    )
    admin = commands.add_parser("admin", help="work on the stored votes")
    steps = admin.add_subparsers(dest="step", required=True)
    recompute = steps.add_parser(
        "recompute-verdicts",
        help="judge every vote again, after a rule or a limit has changed",
        description="Judge every vote again by the present rules and limits. Bans and withdrawals stay as they are.",
    )
    add_options(recompute)
    recompute.add_argument("--dry-run", action="store_true", help="store nothing, only print what would change")
    return parser


if __name__ == "__main__":
    sys.exit(main())
