"""What the boards show of a model beside its votes."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from arena.settings import Player
from db.queries import Score, StoredModel


@dataclass(frozen=True, slots=True)
class ModelCard:
    """A model as the roster and the database describe it; None: unknown.

    `parameters` is a count, prices are in US dollars for a million tokens of prompts and of answers, and
    `tokens_per_s` is the median of the model's latest answers.
    """

    name: str
    organisation: str | None
    family: str | None
    licence: str | None
    parameters: int | None
    is_retired: bool
    price_in: float | None = None
    price_out: float | None = None
    tokens_per_s: float | None = None


def cards_of(
    models: Iterable[StoredModel],
    players: Mapping[str, Player] | None = None,
    speeds: Mapping[str, float] | None = None,
) -> Mapping[str, ModelCard]:
    """Return the cards of stored models, by name. `players` are those of the roster, which has the prices; `speeds` are
    tokens per second."""
    players, speeds = players or {}, speeds or {}
    return {
        name: ModelCard(
            name=name,
            organisation=model.info.organisation,
            family=model.info.family,
            licence=model.info.licence,
            parameters=model.info.parameters,
            is_retired=model.is_retired,
            price_in=players[name].price_in if name in players else None,
            price_out=players[name].price_out if name in players else None,
            tokens_per_s=speeds.get(name),
        )
        for model in models
        for name in (model.info.name,)
    }


def scores_of(found: Iterable[Score]) -> Mapping[str, Mapping[str, Score]]:
    """Return the scores of other sources than votes, by task, then by model."""
    by_task: dict[str, dict[str, Score]] = {}
    for one in found:
        by_task.setdefault(one.task, {})[one.model] = one
    return by_task
