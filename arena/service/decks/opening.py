"""Which decks are live, and the deck that comes with the arena.

The settings name the decks that are open to everybody, `decks` of `[quick]`; when the arena starts, the database learns
which these are, because exports leave their texts out. `arena decks stop` ends it until the next start.

A deck that is named and has no prompts in the database, but comes with the arena, is added with the answers of those
models on the roster that gave them: demo models without a system prompt of their own. Without such a model it is not
added. It is added once: a deck with prompts is never changed here.
"""

import logging
from collections.abc import Mapping

from sqlalchemy import Connection

from arena.decks.shipped import DeckFile, shipped
from arena.players.roster import Player
from arena.service.decks.asked import asked_of
from arena.service.decks.filling import settings_of
from arena.settings import Settings
from db import queries
from db.queries import Deck, ModelInfo
from db.session import Database

logger = logging.getLogger(__name__)


def open_decks(database: Database, settings: Settings, *, now: float) -> None:
    """Make the decks of the settings live, and no others; add one that comes with the arena and is not there.

    Raises:
        db.errors.DatabaseError: the database refuses.
    """
    with database.read() as tx:
        stored = {deck.name: deck for deck in queries.list_decks(tx)}
    if not _is_due(settings.quick.decks, stored):
        return
    with database.write() as tx:
        stored = {deck.name: deck for deck in queries.list_decks(tx)}
        for name in settings.quick.decks:
            if name not in stored or not stored[name].n_prompts:
                _add(tx, name, settings, now)
        for deck in queries.list_decks(tx):
            if deck.is_live != (deck.name in settings.quick.decks):
                queries.set_deck(tx, deck.name, is_live=not deck.is_live)


def _is_due(named: tuple[str, ...], stored: Mapping[str, Deck]) -> bool:
    """Whether anything has to change."""
    is_missing = any(name not in stored or not stored[name].n_prompts for name in named)
    return is_missing or any(deck.is_live != (name in named) for name, deck in stored.items())


def _add(tx: Connection, name: str, settings: Settings, now: float) -> None:
    """Add a deck that comes with the arena, if there is one, with the answers of the models that play here."""
    file = shipped(name)
    if file is None:
        logger.warning("[quick] names the deck %r, which has no prompts; add some with arena fill-deck", name)
        return
    players = players_of(file, settings.models)
    if not players:
        return
    if file.settings != settings_of(settings.battle):
        logger.warning(
            "the deck %r that comes with the arena was not added, because its answers were asked for with other"
            " settings of [battle]; arena fill-deck asks for new ones",
            name,
        )
        return
    queries.upsert_models(
        tx,
        [ModelInfo(one.name, one.family, one.organisation, one.licence, one.parameters) for one in players.values()],
        now=now,
    )
    queries.add_deck(tx, file.deck, file.settings, file.prompts, {model: one.name for model, one in players.items()})
    asked = {one.name: asked_of(one) for one in players.values()}
    queries.set_deck(tx, file.deck, is_live=False, settings=file.settings, asked=asked)
    logger.info("added the deck %r: %d prompts, answers of %d models", name, len(file.prompts), len(players))


def players_of(file: DeckFile, players: tuple[Player, ...]) -> dict[str, Player]:
    """Return the player that gave the answers of each model of a file, by the name there: a demo model, asked and
    computed as when the file was made."""
    by_demo = {
        player.demo: player
        for player in reversed(players)
        if player.is_active
        and player.demo
        and not player.system_prompt
        and player.dtype is None
        and player.template is None
    }
    slugs = {model: model.casefold().replace(" ", "-") for model in file.models}
    return {model: by_demo[slug] for model, slug in slugs.items() if slug in by_demo}
