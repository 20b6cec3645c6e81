"""What the owner of an arena does from the command line: `python -m arena`.

python -m arena admin recompute-verdicts --dry-run   print what the present rules would change
python -m arena admin recompute-verdicts             the same, and store it; an arena may run on the database meanwhile
"""

import argparse
import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from arena.service import Recomputed, recompute_verdicts
from arena.settings import Override, Settings, SettingsError, load, read_file
from db.errors import DatabaseError
from db.session import open_database
from elo.commands.shared.progress import Progress

_DEFAULT_CONFIG = Path(__file__).resolve().parent.parent / "arena.toml"


def main(argv: Sequence[str] | None = None) -> int:
    options = _parser().parse_args(argv)
    try:
        return _recompute_verdicts(_settings(options, os.environ), is_dry_run=options.dry_run)
    except (SettingsError, DatabaseError) as error:
        print("error:", " ".join(str(error).split()), file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("stopped; the verdicts stored so far are correct, and a second run judges the rest", file=sys.stderr)
        return 130


def _recompute_verdicts(settings: Settings, *, is_dry_run: bool) -> int:
    progress = Progress()
    database = open_database(settings.database_url, create=False)
    try:
        found = recompute_verdicts(
            database,
            settings,
            is_dry_run=is_dry_run,
            progress=lambda n_votes: progress.show(f"judging: {n_votes:,} votes"),
        )
    finally:
        progress.clear()
        database.close()
    print(_report(found, settings, is_dry_run=is_dry_run))
    return 0


def _report(found: Recomputed, settings: Settings, *, is_dry_run: bool) -> str:
    """The lines to print about a run."""
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


def _settings(options: argparse.Namespace, env: Mapping[str, str]) -> Settings:
    """Raises `SettingsError`."""
    given = (
        Override("arena", "data", options.data, "--data"),
        Override("arena", "database", options.db, "--db"),
    )
    toml = read_file(options.config)
    return load(toml, env, [one for one in given if one.text is not None], file=options.config)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m arena", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    commands = parser.add_subparsers(dest="command", required=True)
    admin = commands.add_parser("admin", help="what the owner does with what is stored")
    steps = admin.add_subparsers(dest="step", required=True)
    recompute = steps.add_parser(
        "recompute-verdicts",
        help="judge every vote again, after a rule or a limit has changed",
        description="Judges every vote again by the present rules and limits. Bans and withdrawals stay as they are.",
    )
    recompute.add_argument(
        "--config", type=Path, default=_DEFAULT_CONFIG, metavar="FILE", help="settings (default: arena.toml)"
    )
    recompute.add_argument("--data", metavar="DIR", help="folder of the database (default: data)")
    recompute.add_argument("--db", metavar="URL", help="database (default: sqlite, DIR/arena.sqlite)")
    recompute.add_argument("--dry-run", action="store_true", help="store nothing, only print what would change")
    return parser


if __name__ == "__main__":
    sys.exit(main())
