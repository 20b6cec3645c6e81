"""Decks and campaigns for tests, in the database of a `House`."""

from collections.abc import Mapping

from db import queries
from db.queries import CampaignPair, DeckAnswer, DeckPrompt, ModelInfo
from tests.arena.service.house import House

DECK = "demo"


def fill(house: House, prompts: Mapping[str, Mapping[str, str]], *, language: str | None = "en") -> list[str]:
    """Store prompts with the models' answers; return the prompts' keys."""
    with house.database.write() as tx:
        models = {name for answers in prompts.values() for name in answers}
        queries.upsert_models(tx, [ModelInfo(name) for name in sorted(models)], now=1.0)
        keys = []
        for text, answers in prompts.items():
            queries.set_deck(tx, DECK, is_live=True)
            keys.append(queries.add_deck_prompt(tx, DeckPrompt(DECK, text, ("short",), language)))
            for name, answer in answers.items():
                queries.save_deck_answer(tx, keys[-1], DeckAnswer(name, answer, 7, "stop", 4, 5, "f00d"))
    return keys


def campaign(house: House, prompts: Mapping[str, Mapping[str, str]], *, max_people: int | None = None) -> str:
    """Store a campaign on the first two models of each prompt; return its token."""
    keys = fill(house, prompts)
    pairs = [CampaignPair(key, *list(answers)[:2]) for key, answers in zip(keys, prompts.values(), strict=True)]
    with house.database.write() as tx:
        return queries.create_campaign(tx, "review", deck=DECK, pairs=pairs, max_people=max_people, now=2.0).token
