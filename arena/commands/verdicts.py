"""`admin recompute-verdicts`: judge every vote again, after a rule or a limit has changed."""

import argparse
from collections.abc import Mapping
from typing import TYPE_CHECKING

from arena.commands import Commands
from arena.settings import Settings
from arena.settings.command_line import add_options, settings_from

if TYPE_CHECKING:
    from arena.service import Recomputed


def add_to(commands: Commands) -> None:
    command = commands.add_parser(
        "recompute-verdicts",
        help="judge every vote again, after a rule or a limit has changed",
        description="Judge every vote again by the present rules and limits. Bans and withdrawals stay as they are.",
    )
    add_options(command)
    command.add_argument("--dry-run", action="store_true", help="store nothing, only print what would change")
    command.set_defaults(
        run=run, when_stopped="the verdicts stored so far are correct, and a second run judges the rest"
    )


def run(options: argparse.Namespace, env: Mapping[str, str]) -> int:
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
