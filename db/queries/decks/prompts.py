"""Decks, their prepared prompts, and the answers to these, one per model."""

import hashlib
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict
from types import MappingProxyType
from typing import Any

from sqlalchemy import Connection, Row, func, or_, select

from db import errors
from db.column_types import clean_text
from db.derived import digest
from db.queries.roster import insert, model_ids
from db.records.battles import DeckAnswer, DeckPrompt, StoredSettings
from db.records.decks import Deck, StoredPrompt
from db.schema import campaigns, deck_answers, deck_prompts, decks, models

_ASKED = "asked"
"""The key of the column `settings` beside those of `StoredSettings`."""


def deck_key(prompt: DeckPrompt) -> str:
    """Return a prompt's key: 16 hex digits of the SHA-256 of deck, NUL and text."""
    return hashlib.sha256(f"{prompt.deck}\0{clean_text(prompt.text)}".encode()).hexdigest()[:16]


def prepared_id(key: str, model_a: str, model_b: str) -> str:
    """Return the name of a prepared pair, the same in every database and for both orders: KEY:NAME|NAME."""
    return f"{key}:{'|'.join(sorted((model_a, model_b)))}"


def add_deck_prompt(tx: Connection, prompt: DeckPrompt) -> str:
    """Add a prepared prompt, or update the tags and language of a stored one; return its key (16 hex digits). A new
    deck is not live until `set_deck` makes it so. Battles keep the tags that they were opened with."""
    return store_prompt(tx, deck_key(prompt), prompt)


def store_prompt(tx: Connection, key: str, prompt: DeckPrompt) -> str:
    """Add or update the prompt with a key; return it (for other queries). Where the prompt has no text, a stored one
    stays."""
    tx.execute(insert(tx, decks).values(name=prompt.deck).on_conflict_do_nothing())
    changeable: dict[str, object] = {"tags": list(prompt.tags), "language": prompt.language}
    new = insert(tx, deck_prompts).values(key=key, deck=prompt.deck, text=prompt.text, **changeable)
    if prompt.text:
        changeable["text"] = prompt.text
    tx.execute(new.on_conflict_do_update(index_elements=["key"], set_=changeable))
    return key


def save_deck_answer(tx: Connection, key: str, answer: DeckAnswer) -> None:
    """Store or replace a model's prepared answer. Raises NoSuchModel or NoSuchPrompt."""
    subject = {"deck_prompt_id": deck_prompt_id(tx, key), "model_id": model_ids(tx, [answer.model])[answer.model]}
    said = answer_values(answer)
    new = insert(tx, deck_answers).values(**subject, **said)
    tx.execute(new.on_conflict_do_update(index_elements=["deck_prompt_id", "model_id"], set_=said))


def answer_values(answer: DeckAnswer) -> dict[str, object]:
    """Return the columns of an answer, except its prompt and model (for other queries)."""
    return {
        "text": answer.text,
        "seed": answer.seed,
        "finish_reason": answer.finish_reason,
        "prompt_tokens": answer.prompt_tokens,
        "completion_tokens": answer.completion_tokens,
        "fingerprint": answer.fingerprint,
        "duration_ms": answer.duration_ms,
        "sent": answer.sent,
        "digest": digest(clean_text(answer.text)),
    }


def set_deck(
    tx: Connection,
    name: str,
    *,
    is_live: bool,
    settings: StoredSettings | None = None,
    asked: Mapping[str, Mapping[str, str]] = MappingProxyType({}),
) -> None:
    """Add a deck, or change whether it is live; settings that are None leave the stored ones, and what was stored as
    `asked`."""
    values: dict[str, object] = {"is_live": is_live}
    if settings is not None:
        values["settings"] = {**asdict(settings), _ASKED: {model: dict(keys) for model, keys in asked.items()}}
    new = insert(tx, decks).values(name=name, **values)
    tx.execute(new.on_conflict_do_update(index_elements=["name"], set_=values))


def list_decks(tx: Connection) -> list[Deck]:
    """Return all decks, by name."""
    answered = (
        select(deck_prompts.c.deck, func.count(deck_prompts.c.id.distinct()).label("prompts"))
        .add_columns(func.count(deck_answers.c.id).label("answers"))
        .select_from(deck_prompts.outerjoin(deck_answers))
        .group_by(deck_prompts.c.deck)
        .subquery()
    )
    rows = select(decks, answered.c.prompts, answered.c.answers).outerjoin(answered, answered.c.deck == decks.c.name)
    return [_deck(row) for row in tx.execute(rows.order_by(decks.c.name))]


def _deck(row: Row[Any]) -> Deck:
    stored = dict(row.settings or {})
    asked = stored.pop(_ASKED, {})
    settings = StoredSettings(**stored) if stored else None
    return Deck(row.name, row.is_live, settings, row.prompts or 0, row.answers or 0, asked)


def live_decks(tx: Connection) -> frozenset[str]:
    """Return the decks whose texts exports leave out: those of quick rounds and of open campaigns."""
    judged = select(campaigns.c.deck).where(campaigns.c.closed_at.is_(None))
    return frozenset(tx.scalars(select(decks.c.name).where(or_(decks.c.is_live, decks.c.name.in_(judged)))))


def deck_prompts_of(tx: Connection, deck: str) -> list[StoredPrompt]:
    """Return the prompts of a deck in the order in which they were added, with the models that have answered them."""
    joined = deck_answers.join(models).join(deck_prompts)
    answered = select(deck_answers.c.deck_prompt_id, models.c.name).select_from(joined)
    by_prompt: dict[int, list[str]] = defaultdict(list)
    for prompt_id, name in tx.execute(answered.where(deck_prompts.c.deck == deck).order_by(models.c.name)):
        by_prompt[prompt_id].append(name)
    rows = tx.execute(select(deck_prompts).where(deck_prompts.c.deck == deck).order_by(deck_prompts.c.id))
    return [
        StoredPrompt(
            row.key, DeckPrompt(row.deck, row.text, tuple(row.tags), row.language), tuple(by_prompt.get(row.id, ()))
        )
        for row in rows
    ]


def prepared_answers(tx: Connection, key: str, models_of: Sequence[str]) -> tuple[DeckAnswer, ...]:
    """Return the prepared answers of these models to a prompt, in their order. Raises NoSuchPrompt; NotAllowedNow if
    one has no answer."""
    prompt_id = deck_prompt_id(tx, key)
    joined = select(deck_answers, models.c.name).join(models).where(deck_answers.c.deck_prompt_id == prompt_id)
    found = {row.name: answer_of(row) for row in tx.execute(joined.where(models.c.name.in_(models_of)))}
    for name in models_of:
        if name not in found:
            raise errors.NotAllowedNow(f"model {name!r} has no answer to the prepared prompt {key!r}")
    return tuple(found[name] for name in models_of)


def answer_of(row: Row[Any]) -> DeckAnswer:
    """Return a row of `deck_answers` with the model's name as a record (for other queries)."""
    return DeckAnswer(
        model=row.name,
        text=row.text,
        seed=row.seed,
        finish_reason=row.finish_reason,
        prompt_tokens=row.prompt_tokens,
        completion_tokens=row.completion_tokens,
        fingerprint=row.fingerprint,
        duration_ms=row.duration_ms,
        sent=row.sent,
    )


def deck_prompt_id(tx: Connection, key: str) -> int:
    """Return a prompt's row number (for other queries). Raises NoSuchPrompt."""
    found = tx.scalar(select(deck_prompts.c.id).where(deck_prompts.c.key == key))
    if found is None:
        raise errors.NoSuchPrompt(f"no prepared prompt has the key {key!r}; add it with add_deck_prompt first")
    return int(found)


def answered_models(tx: Connection, key: str) -> Collection[int]:
    """Return the row numbers of the models that have answered a prompt (for other queries)."""
    return sent_by_model(tx, deck_prompt_id(tx, key)).keys()


def sent_by_model(tx: Connection, prompt_id: int) -> dict[int, object]:
    """Return the parameters that were sent for each answer to a prompt, by the model's row number (for other
    queries)."""
    found = select(deck_answers.c.model_id, deck_answers.c.sent).where(deck_answers.c.deck_prompt_id == prompt_id)
    return dict(tx.execute(found).all())
