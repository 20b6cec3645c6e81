"""`decks`: list the decks, make one live or not live, remove one, or write it to a file."""

import argparse
import contextlib
import os
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from arena.commands import Commands
from arena.settings import Settings, SettingsError
from arena.settings.command_line import add_options, settings_from

if TYPE_CHECKING:
    from db.queries import Deck
    from db.session import Database

_STEPS = ("start", "stop", "remove", "save")


def add_to(commands: Commands) -> None:
    command = commands.add_parser(
        "decks",
        help="list the decks, make one live or not live, remove one, or write it to a file",
        description="Without a step, list the decks: prompts, answers of each model, pairs that can be dealt. The"
        " decks that [quick] names are live from the start of the arena: quick rounds deal from them, and exports"
        " leave their texts out. `stop` ends that until the next start, also in a running arena; `start` undoes it."
        " `remove` deletes a deck without votes; `save` writes prompts and answers to a file.",
    )
    add_options(command)
    command.add_argument("step", nargs="?", choices=_STEPS, metavar="STEP", help=f"one of {', '.join(_STEPS)}")
    command.add_argument("deck", nargs="?", metavar="DECK", help="name of the deck")
    command.add_argument("file", nargs="?", type=Path, metavar="FILE", help="for save: the file to write, .jsonl")
    command.set_defaults(run=run)


def run(options: argparse.Namespace, env: Mapping[str, str]) -> int:
    """Raises `SettingsError`, `DatabaseError`."""
    from db.session import open_database

    settings = settings_from(options, env)
    if options.step is not None and options.deck is None:
        raise SettingsError(f"arena decks {options.step}: no deck; name one, as in `arena decks {options.step} demo`")
    if (options.step == "save") != (options.file is not None):
        raise SettingsError("arena decks save DECK FILE writes a deck to a file; the other steps take no file")
    database = open_database(settings.database_url, create=False)
    try:
        print(_done(database, options, settings))
    finally:
        database.close()
    return 0


def _done(database: "Database", options: argparse.Namespace, settings: Settings) -> str:
    """Do what was asked; return what to print. Raises `SettingsError`, `DatabaseError`."""
    from db import queries

    if options.step is None:
        return _listed(database, settings)
    with database.read() as tx:
        decks = {deck.name: deck for deck in queries.list_decks(tx)}
    deck = decks.get(options.deck)
    if deck is None:
        known = ", ".join(decks) or "none yet; arena fill-deck makes one"
        raise SettingsError(f"there is no deck {options.deck!r}; the decks are {known}")
    if options.step in ("start", "stop"):
        return _switch(database, deck, settings, is_live=options.step == "start")
    if options.step == "save":
        return _save(database, deck, options.file)
    if deck.is_live:
        raise SettingsError(f"deck {deck.name!r} is live; stop it first with `arena decks stop {deck.name}`")
    with database.write() as tx:
        queries.remove_deck(tx, deck.name)
    return f"Removed the deck {deck.name}: {_size(deck)}."


def _switch(database: "Database", deck: "Deck", settings: Settings, *, is_live: bool) -> str:
    from db import queries

    is_named = deck.name in settings.quick.decks
    if is_live and not is_named:
        raise SettingsError(
            f"{settings.file}, [quick] decks does not name {deck.name!r}; add it there and restart the arena, which"
            " then makes it live"
        )
    with database.write() as tx:
        queries.set_deck(tx, deck.name, is_live=is_live)
    if is_live:
        return f"Deck {deck.name} is live: quick rounds deal from it, and exports leave its texts out."
    done = f"Deck {deck.name} is not live: no quick round deals from it, and exports have its texts."
    if is_named:
        done += f"\n{settings.file}, [quick] decks names it: take it out there, or the next start makes it live again."
    return done


def _save(database: "Database", deck: "Deck", path: Path) -> str:
    from arena.decks.shipped import DeckFile
    from db import queries

    with database.read() as tx:
        content = DeckFile(deck.name, deck.settings, queries.deck_content(tx, deck.name))
    part = path.with_name(path.name + ".part")
    try:
        part.write_text(content.text(), encoding="utf-8")
        os.replace(part, path)
    except OSError as error:
        with contextlib.suppress(OSError):
            part.unlink(missing_ok=True)
        raise SettingsError(f"{path} cannot be written: {error.strerror}; name a file in a folder of yours") from error
    return f"Wrote {path}: {_size(deck)}."


def _size(deck: "Deck") -> str:
    from elo.board.notes import counted

    return f"{counted(deck.n_prompts, 'prompt')} and {counted(deck.n_answers, 'answer')}"


def _listed(database: "Database", settings: Settings) -> str:
    from db import queries
    from elo.board.table import aligned

    with database.read() as tx:
        decks = queries.list_decks(tx)
        prompts = {deck.name: queries.deck_prompts_of(tx, deck.name) for deck in decks}
        pairs = {
            deck.name: sum(len(list(one.pairs())) for one in queries.deal_candidates(tx, deck.name, ""))
            for deck in decks
        }
    if not decks:
        return "No decks yet: `arena fill-deck NAME --prompts FILE` makes one."
    rows = [
        [
            deck.name,
            "yes" if deck.is_live else "no",
            f"{deck.n_prompts:,}",
            f"{deck.n_answers:,}",
            f"{pairs[deck.name]:,}",
        ]
        for deck in decks
    ]
    lines = aligned(["deck", "live", "prompts", "answers", "pairs"], rows, left=(0, 1))
    for deck in decks:
        answers = Counter(model for one in prompts[deck.name] for model in one.models)
        lines += ["", f"{deck.name}: answers of each model, of {deck.n_prompts:,}"]
        lines += [f"  {name}: {n:,}" for name, n in sorted(answers.items())] or ["  none"]
    missing = [name for name in settings.quick.decks if name not in prompts and name != "demo"]
    lines += [f"\n{settings.file} names the deck {name!r}, which is not there." for name in missing]
    return "\n".join(lines)
