"""Commands for the owner of an arena. Without a command, `arena` starts the arena.

arena init                                write arena.toml into this folder, with the four demo models
arena check                               ask each model once before a start, and print the settings that it needs
arena admin recompute-verdicts --dry-run  print what the present rules would change
arena admin recompute-verdicts            the same, and store it; an arena may run on the database meanwhile

In a clone that is not installed, `python -m arena` takes the same commands.
"""

import argparse
import asyncio
import logging
import os
import sys
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

from arena import __version__
from arena.settings import Settings, SettingsError
from arena.settings.command_line import DEFAULT_FILE, add_options, settings_from
from db.errors import DatabaseError

if TYPE_CHECKING:
    from arena.players.inspection.checking import Checked
    from arena.players.roster import Player, Roster
    from arena.service import Recomputed


_MOST_AT_ONCE = 8  # models that `check` asks at a time; with more, the times would measure this process


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; return the exit code."""
    options = _parser().parse_args(argv)
    try:
        if options.command == "init":
            return _init()
        if options.command == "check":
            with _without_log():  # what is printed says the same
                return asyncio.run(_check(settings_from(options, os.environ), os.environ))
        return _recompute_verdicts(options, os.environ)
    except (SettingsError, DatabaseError) as error:
        print("error:", " ".join(str(error).split()), file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        rest = "; the verdicts stored so far are correct, and a second run judges the rest"
        print(f"stopped{rest if options.command == 'admin' else ''}", file=sys.stderr)
        return 130


@contextmanager
def _without_log() -> Iterator[None]:
    logger = logging.getLogger("arena")
    level = logger.level
    logger.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        logger.setLevel(level)


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


async def _check(settings: Settings, env: Mapping[str, str]) -> int:
    """Ask every model; print a line for each as it answers, then what to add to the file.

    Raises `SettingsError`.
    """
    from arena.players.roster import Roster

    roster = Roster(settings.models, settings.file)
    asked = [player for player in roster.active if not player.is_native]
    longest_s = settings.battle.first_token_timeout_s
    print(f"{settings.file}: {len(asked)} models behind a server; each may take {longest_s:g} s to begin", flush=True)
    for player in roster:
        if not player.is_active:
            print(f"  skipped  {player.name}: active = false", flush=True)
    n_bad = sum(not _check_folder(roster, player) for player in roster.native)
    turns = asyncio.Semaphore(_MOST_AT_ONCE)
    found = await asyncio.gather(*(_ask(roster, player, settings, env, turns) for player in asked))
    n_bad += sum(checked.cause is not None for _, checked in found)
    learned = {player.name: checked.lines for player, checked in found if checked.cause is None and checked.lines}
    for player in asked:
        if player.name in learned:
            print(f"\n# in the [[models]] table of {player.name!r}, in place of a line with the same key:")
            print("\n".join(learned[player.name]))
    if n_bad:
        print(f"\n{n_bad} of {len(roster.active)} models do not answer", flush=True)
    return 1 if n_bad else 0


def _check_folder(roster: "Roster", player: "Player") -> bool:
    """Print a line for a model that the arena loads itself; return whether its files are there."""
    try:
        roster.check_folder(player)
    except SettingsError as error:
        print(f"  failed   {player.name}: {error}", flush=True)
        return False
    where = f"hf:{player.hub}, downloaded when the arena starts" if player.hub else "its files are there"
    print(f"  ok       {player.name}: {where}; the arena loads it itself", flush=True)
    return True


async def _ask(
    roster: "Roster", player: "Player", settings: Settings, env: Mapping[str, str], turns: asyncio.Semaphore
) -> "tuple[Player, Checked]":
    """Ask one model and print its line."""
    from arena.players.connect import Connector
    from arena.players.inspection.checking import Checked, check
    from arena.service.trials import trial_of

    try:
        endpoint = Connector(env).endpoint(roster, player, settings.battle)
    except ValueError as error:
        print(f"  failed   {player.name}: {error}", flush=True)
        return player, Checked("wrong_key", str(error))
    try:
        async with turns:
            checked = await check(endpoint, trial_of(player, settings.battle))
    finally:
        await endpoint.aclose()
    if checked.cause is not None:
        print(f"  failed   {player.name}: {_sentence(checked.cause)} ({checked.detail})", flush=True)
    else:
        notes = ", it reasons first" if checked.is_reasoning else ""
        notes += ", with other settings (below)" if checked.lines else ""
        print(f"  ok       {player.name}: first token after {(checked.ttft_ms or 0.0) / 1000:.1f} s{notes}", flush=True)
    return player, checked


def _sentence(cause: str) -> str:
    """Return what an owner can do about a cause. It reads the file, because `arena.ui` would load Gradio."""
    text = files("arena").joinpath("ui", "messages", "en", "owner.toml").read_text(encoding="utf-8")
    sentence: str = tomllib.loads(text)[f"owner_cause_{cause}"]
    return sentence


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
    check = commands.add_parser(
        "check",
        help="ask each model once before a start",
        description="Ask each active model with a base_url for one short answer, with a battle's settings, and print"
        " the lines of its [[models]] table that its server needs. Exit code 1 if a model does not answer, or if the"
        " files of a model with a path are missing.",
    )
    add_options(check)
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
