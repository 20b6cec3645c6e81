"""`fill-deck`: ask models for the answers that a deck of prepared prompts lacks."""

import argparse
import asyncio
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from arena.commands import Commands
from arena.commands.quiet import without_log
from arena.one_line import is_name
from arena.settings import Player, Settings, SettingsError
from arena.settings.command_line import add_options, settings_from

if TYPE_CHECKING:
    from arena.decks.prompt_file import Prompt
    from arena.players.roster import Roster
    from arena.service.decks.filling import Filling

_MOST_REASONS = 5
_SHOWN_CHARS = 60


def add_to(commands: Commands) -> None:
    command = commands.add_parser(
        "fill-deck",
        help="ask models for the answers that a deck of prepared prompts lacks",
        description="Ask each active model for an answer to each prompt of a deck, with a battle's settings, and store"
        " them. Existing answers stay, so a second run asks only for the rest. Exit code 1 if any is missing.",
    )
    add_options(command)
    command.add_argument("deck", metavar="DECK", help="name of the deck; a new one is created")
    command.add_argument(
        "--prompts",
        type=Path,
        metavar="FILE",
        help="prompts to add first: text with one a line, CSV or JSONL with text, tags and language",
    )
    command.add_argument(
        "--models", nargs="+", metavar="NAME", help="models to ask (default: all that are not retired)"
    )
    command.add_argument(
        "--one-at-a-time",
        action="store_true",
        help="load a model, let it answer everything, unload it, and go on with the next one",
    )
    command.add_argument(
        "--at-once", type=int, default=4, metavar="N", help="prompts that each model is asked at a time (default: 4)"
    )
    command.add_argument(
        "--again",
        action="store_true",
        help="delete the answers of the models in --models and ask anew; refused once somebody has judged one",
    )
    command.set_defaults(run=run, when_stopped="the answers above are stored, and a second run asks for the rest")


def run(options: argparse.Namespace, env: Mapping[str, str]) -> int:
    """Raises `SettingsError`, `DatabaseError`."""
    from arena.players.roster import Roster
    from arena.service.decks.filling import DeckError, prepare
    from arena.service.owner.owner import retired_by_owner
    from db.session import open_database
    from elo.board.notes import counted

    settings = settings_from(options, env)
    if options.at_once < 1:
        raise SettingsError(f"--at-once {options.at_once}: expected 1 or more")
    if options.again and options.models is None:
        raise SettingsError("--again: expected also --models, the models whose answers are asked for again")
    name = options.deck
    if not is_name(name, most=80):
        raise SettingsError(f"deck {name!r}: expected a name of 1 to 80 printable characters")
    roster = Roster(settings.models, settings.file)
    players = _chosen(roster, options.models)
    for player in players:
        roster.api_key(env, player)
        roster.headers(env, player)
        if player.is_native:
            roster.check_folder(player)
    prompts = _read(options.prompts, settings)
    database = open_database(settings.database_url)
    try:
        if options.models is None:
            retired = retired_by_owner(database)
            players = [player for player in players if player.name not in retired]
        try:
            filling = prepare(database, settings, players, name, prompts, now=time.time(), again=options.again)
        except DeckError as error:
            raise SettingsError(str(error)) from error
        print(
            f"deck {name}: {counted(filling.n_prompts, 'prompt')} ({filling.n_added:,} new),"
            f" {counted(len(players), 'model')}, {counted(filling.n_todo, 'answer')} to ask for",
            flush=True,
        )
        with without_log():  # the report says the same
            asyncio.run(_fill(filling, settings, env, options))
    finally:
        database.close()
    return 1 if filling.gaps else 0


async def _fill(filling: "Filling", settings: Settings, env: Mapping[str, str], options: argparse.Namespace) -> None:
    from arena.service.decks.serving import fill
    from elo.commands.shared.progress import Progress

    progress = Progress()
    total = filling.n_todo

    def tell(names: Sequence[str]) -> None:
        progress.clear()
        print(f"  loading {', '.join(names)}", flush=True)

    try:
        await fill(
            filling,
            settings,
            env,
            one_at_a_time=options.one_at_a_time,
            n_at_once=options.at_once,
            progress=lambda: progress.count("answering", "answers", filling.n_done, total),
            loading=tell,
        )
    finally:
        progress.clear()
        filling.not_asked("not asked, because the run was stopped")
        print(report(filling), flush=True)


def report(filling: "Filling") -> str:
    """Return what was stored, and what is missing with the reasons."""
    lines = []
    for player in filling.players:
        name, n_todo = player.name, len(filling.todo[player.name])
        n_new = len(filling.stored.get(name, ()))
        n_there = filling.n_prompts - n_todo + n_new
        n_missing = n_todo - n_new
        lines.append(
            f"  {name}: {n_there:,} of {filling.n_prompts:,} answers, {n_new:,} new"
            + (f", {n_missing:,} missing" if n_missing else "")
        )
        reasons = Counter(gap.reason for gap in filling.gaps if gap.model == name)
        for reason, n in reasons.most_common(_MOST_REASONS):
            first = next(gap.prompt for gap in filling.gaps if gap.model == name and gap.reason == reason)
            lines.append(f"    {n:,} x {reason} (such as for {_short(first)!r})")
        if len(reasons) > _MOST_REASONS:
            lines.append(f"    and {len(reasons) - _MOST_REASONS} other reasons")
    return "\n".join(lines)


def _chosen(roster: "Roster", names: Sequence[str] | None) -> list[Player]:
    """Return the models to ask. Raises `SettingsError`."""
    if names is None:
        if not roster.active:
            raise SettingsError(f"{roster.file}, [[models]]: no active model; add one, or name some with --models")
        return list(roster.active)
    for name in names:
        if name not in roster.by_name:
            known = ", ".join(player.name for player in roster)
            raise SettingsError(f"--models: {roster.file} has no model {name!r}; expected one of {known}")
    return [player for player in roster if player.name in names]


def _read(path: Path | None, settings: Settings) -> "tuple[Prompt, ...]":
    """Read the prompts, and print what was left out. Raises `SettingsError`."""
    from arena.decks.prompt_file import PromptFileError, read_prompts
    from elo.board.notes import counted

    if path is None:
        return ()
    try:
        found = read_prompts(path, max_chars=settings.battle.max_prompt_chars)
    except PromptFileError as error:
        raise SettingsError(str(error)) from error
    if found.n_repeated:
        print(f"{path}: {counted(found.n_repeated, 'repeated prompt')} left out")
    if found.ignored:
        print(f"{path}: ignored {', '.join(found.ignored)}; text, tags and language are read")
    return found.prompts


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _SHOWN_CHARS else f"{line[: _SHOWN_CHARS - 1]}…"
