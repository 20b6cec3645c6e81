"""Prepared prompts and their answers, one per model."""

import hashlib
from collections.abc import Collection

from sqlalchemy import Connection, select

from db import errors
from db.column_types import clean_text
from db.queries.roster import insert, model_ids
from db.records.battles import DeckAnswer, DeckPrompt
from db.schema import deck_answers, deck_prompts


def deck_key(prompt: DeckPrompt) -> str:
    """Return a prompt's key: 16 hex digits of the SHA-256 of deck, NUL and text."""
    return hashlib.sha256(f"{prompt.deck}\0{clean_text(prompt.text)}".encode()).hexdigest()[:16]


def prepared_id(key: str, model_a: str, model_b: str) -> str:
    """Return the name of a prepared pair, the same in every database and for both orders: KEY:NAME|NAME."""
    return f"{key}:{'|'.join(sorted((model_a, model_b)))}"


def add_deck_prompt(tx: Connection, prompt: DeckPrompt) -> str:
    """Add a prepared prompt, or update the tags and language of a stored one; return its key (16 hex digits)."""
    key = deck_key(prompt)
    changeable = {"tags": list(prompt.tags), "language": prompt.language}
    new = insert(tx, deck_prompts).values(key=key, deck=prompt.deck, text=prompt.text, **changeable)
    tx.execute(new.on_conflict_do_update(index_elements=["key"], set_=changeable))
    return key


def save_deck_answer(tx: Connection, key: str, answer: DeckAnswer) -> None:
    """Store or replace a model's prepared answer. Raises NoSuchModel or NoSuchPrompt."""
    subject = {"deck_prompt_id": deck_prompt_id(tx, key), "model_id": model_ids(tx, [answer.model])[answer.model]}
    said = {
        "text": answer.text,
        "seed": answer.seed,
        "finish_reason": answer.finish_reason,
        "prompt_tokens": answer.prompt_tokens,
        "completion_tokens": answer.completion_tokens,
        "fingerprint": answer.fingerprint,
    }
    new = insert(tx, deck_answers).values(**subject, **said)
    tx.execute(new.on_conflict_do_update(index_elements=["deck_prompt_id", "model_id"], set_=said))


def deck_prompt_id(tx: Connection, key: str) -> int:
    """Return a prompt's row number (for other queries). Raises NoSuchPrompt."""
    found = tx.scalar(select(deck_prompts.c.id).where(deck_prompts.c.key == key))
    if found is None:
        raise errors.NoSuchPrompt(f"no prepared prompt has the key {key!r}; add it with add_deck_prompt first")
    return int(found)


def answered_models(tx: Connection, key: str) -> Collection[int]:
    """Return the row numbers of the models that have answered a prompt (for other queries)."""
    joined = deck_answers.join(deck_prompts)
    return set(tx.scalars(select(deck_answers.c.model_id).select_from(joined).where(deck_prompts.c.key == key)))
