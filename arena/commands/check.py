"""`check`: ask each model once before a start, and print the settings that its server needs."""

import argparse
import asyncio
import tomllib
from collections.abc import Mapping
from importlib.resources import files
from typing import TYPE_CHECKING

from arena.commands import Commands
from arena.commands.quiet import without_log
from arena.settings import Settings, SettingsError
from arena.settings.command_line import add_options, settings_from

if TYPE_CHECKING:
    from arena.players.inspection.checking import Checked
    from arena.players.roster import Player, Roster

_MOST_AT_ONCE = 8  # with more models at a time, the times would measure this process


def add_to(commands: Commands) -> None:
    command = commands.add_parser(
        "check",
        help="ask each model once before a start",
        description="Ask each active model with a base_url for one short answer, with a battle's settings, and print"
        " the lines of its [[models]] table that its server needs. Exit code 1 if a model does not answer, or if the"
        " files of a model with a path are missing.",
    )
    add_options(command)
    command.set_defaults(run=run)


def run(options: argparse.Namespace, env: Mapping[str, str]) -> int:
    """Raises `SettingsError`."""
    with without_log():  # what is printed says the same
        return asyncio.run(_check(settings_from(options, env), env))


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
