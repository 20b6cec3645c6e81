"""Whole decks: added from a file, written to one, and removed."""

from collections import defaultdict
from collections.abc import Mapping

from sqlalchemy import Connection, delete, func, select

from db import errors
from db.queries.decks.prompts import add_deck_prompt, answer_of, answer_values, set_deck
from db.queries.roster import insert, model_ids
from db.records.battles import DeckAnswer, DeckPrompt, StoredSettings
from db.schema import battles, campaign_pairs, campaigns, deck_answers, deck_prompts, decks, models

Content = tuple[tuple[DeckPrompt, tuple[DeckAnswer, ...]], ...]


def add_deck(
    tx: Connection, name: str, settings: StoredSettings | None, content: Content, names: Mapping[str, str]
) -> None:
    """Add a new deck, which is not live. `names` maps the models of the file whose answers are added to their names in
    this database. Raises NoSuchModel."""
    set_deck(tx, name, is_live=False, settings=settings)
    ids = model_ids(tx, names.values())
    keys = [add_deck_prompt(tx, prompt) for prompt, _ in content]
    found = select(deck_prompts.c.key, deck_prompts.c.id).where(deck_prompts.c.deck == name)
    prompt_ids = {row.key: row.id for row in tx.execute(found)}
    rows = [
        {"deck_prompt_id": prompt_ids[key], "model_id": ids[names[answer.model]], **answer_values(answer)}
        for key, (_, answers) in zip(keys, content, strict=True)
        for answer in answers
        if answer.model in names
    ]
    if rows:  # another process may start on this database at the same moment
        tx.execute(insert(tx, deck_answers).on_conflict_do_nothing(), rows)


def deck_content(tx: Connection, name: str) -> Content:
    """Return the prompts of a deck in the order in which they were added, with their answers by model."""
    rows = select(deck_answers, models.c.name).join(models).join(deck_prompts).where(deck_prompts.c.deck == name)
    answers: dict[int, list[DeckAnswer]] = defaultdict(list)
    for row in tx.execute(rows.order_by(models.c.name)):
        answers[row.deck_prompt_id].append(answer_of(row))
    prompts = tx.execute(select(deck_prompts).where(deck_prompts.c.deck == name).order_by(deck_prompts.c.id))
    return tuple(
        (DeckPrompt(row.deck, row.text, tuple(row.tags), row.language), tuple(answers.get(row.id, ())))
        for row in prompts
    )


def deck_seeds(tx: Connection, name: str) -> dict[str, set[int]]:
    """Return the seeds of the answers to each prompt of a deck, by the prompt's key."""
    rows = select(deck_prompts.c.key, deck_answers.c.seed).join(deck_answers).where(deck_prompts.c.deck == name)
    seeds: dict[str, set[int]] = defaultdict(set)
    for key, seed in tx.execute(rows.where(deck_answers.c.seed.is_not(None))):
        seeds[key].add(seed)
    return seeds


def deck_fingerprints(tx: Connection, name: str) -> dict[str, set[str]]:
    """Return the fingerprints of the answers in a deck, by model."""
    joined = deck_answers.join(deck_prompts).join(models)
    rows = select(models.c.name, deck_answers.c.fingerprint).select_from(joined).distinct()
    found: dict[str, set[str]] = defaultdict(set)
    for model, fingerprint in tx.execute(
        rows.where(deck_prompts.c.deck == name, deck_answers.c.fingerprint.is_not(None))
    ):
        found[model].add(fingerprint)
    return found


def remove_answers(tx: Connection, name: str, model: str) -> None:
    """Delete a model's answers in a deck. Raises NoSuchModel; NotAllowedNow if battles or campaigns have them."""
    own = select(deck_prompts.c.id).where(deck_prompts.c.deck == name)
    model_id = model_ids(tx, [model])[model]
    is_side = (battles.c.model_a == model_id) | (battles.c.model_b == model_id)
    is_listed = (campaign_pairs.c.model_x == model_id) | (campaign_pairs.c.model_y == model_id)
    n_battles = tx.scalar(select(func.count()).where(battles.c.deck_prompt_id.in_(own), is_side)) or 0
    n_pairs = tx.scalar(select(func.count()).where(campaign_pairs.c.deck_prompt_id.in_(own), is_listed)) or 0
    if n_battles or n_pairs:
        raise errors.NotAllowedNow(
            f"the answers of {model!r} in the deck {name!r} were shown in battles ({n_battles:,}) or are on the lists"
            f" of campaigns ({n_pairs:,} pairs), and stay as they are; give the model another name, or fill another"
            " deck"
        )
    tx.execute(delete(deck_answers).where(deck_answers.c.deck_prompt_id.in_(own), deck_answers.c.model_id == model_id))


def remove_deck(tx: Connection, name: str) -> None:
    """Delete a deck with its prompts and answers. Raises NotAllowedNow if battles or campaigns refer to it."""
    own = select(deck_prompts.c.id).where(deck_prompts.c.deck == name)
    n_battles = tx.scalar(select(func.count()).where(battles.c.deck_prompt_id.in_(own))) or 0
    n_campaigns = tx.scalar(select(func.count()).where(campaigns.c.deck == name)) or 0
    if n_battles or n_campaigns:
        raise errors.NotAllowedNow(
            f"deck {name!r} has the texts of {n_battles:,} battles and {n_campaigns:,} campaigns, so it cannot be "
            "removed; stop it instead"
        )
    tx.execute(delete(deck_answers).where(deck_answers.c.deck_prompt_id.in_(own)))
    tx.execute(delete(deck_prompts).where(deck_prompts.c.deck == name))
    tx.execute(delete(decks).where(decks.c.name == name))
