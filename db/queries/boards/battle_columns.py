"""The columns of votes and their battles by which votes can be selected and grouped, `BATTLE_COLUMNS`."""

from collections.abc import Callable, Mapping, Sequence
from operator import attrgetter
from typing import Any

from sqlalchemy import Connection, Row, Select, select

from db.queries.decks.prompts import prepared_id
from db.records.votes import BATTLE_COLUMNS
from db.schema import battles, campaigns, deck_prompts, models, visitors, votes
from db.side_sums import SUM_COLUMNS

_BATCH = 5_000
_MODEL_A = models.alias("a")
_MODEL_B = models.alias("b")
_ROWS: Select[Any] = (
    select(
        votes.c.battle_id,
        votes.c.outcome,
        votes.c.cast_at,
        votes.c.revision,
        _MODEL_A.c.name.label("name_a"),
        _MODEL_B.c.name.label("name_b"),
        visitors.c.pseudonym,
        battles.c.uuid,
        battles.c.kind,
        battles.c.draw_probability,
        battles.c.policy,
        battles.c.language,
        battles.c.opened_at,
        deck_prompts.c.key,
        deck_prompts.c.deck,
        battles.c.tags,
        battles.c.n_turns,
        battles.c.prompt_chars,
        battles.c.same_sent,
        campaigns.c.name.label("campaign"),
        *(votes.c[name] for name in SUM_COLUMNS),
    )
    .join(battles, votes.c.battle_id == battles.c.id)
    .join(visitors, battles.c.visitor_id == visitors.c.id)
    .join(_MODEL_A, votes.c.model_a == _MODEL_A.c.id)
    .join(_MODEL_B, votes.c.model_b == _MODEL_B.c.id)
    .outerjoin(deck_prompts, battles.c.deck_prompt_id == deck_prompts.c.id)
    .outerjoin(campaigns, votes.c.campaign_id == campaigns.c.id)
)
_VALUES: Mapping[str, Callable[[Row[Any]], object]] = {
    "model_a": lambda row: row.name_a,
    "model_b": lambda row: row.name_b,
    "winner": lambda row: row.outcome.winner,
    "tstamp": lambda row: row.cast_at,
    "kind": lambda row: row.kind.label,
    "visitor": lambda row: row.pseudonym,
    "revision": lambda row: row.revision,
    "battle": lambda row: row.uuid,
    "draw_probability": lambda row: row.draw_probability,
    "prepared_id": lambda row: None if row.key is None else prepared_id(row.key, row.name_a, row.name_b),
    "policy": lambda row: None if row.policy is None else row.policy.label,
    "language": lambda row: row.language,
    "opened_at": lambda row: row.opened_at,
    "deck": lambda row: row.deck,
    "tags": lambda row: row.tags,
    "n_turns": lambda row: row.n_turns,
    "prompt_chars": lambda row: row.prompt_chars,
    "campaign": lambda row: row.campaign,
    "same_sent": lambda row: row.same_sent,
    **{name: attrgetter(name) for name in SUM_COLUMNS},
}


class BattleColumns:
    """Reads the columns of these names. Raises KeyError for a name that is not in `BATTLE_COLUMNS`."""

    def __init__(self, tx: Connection, names: Sequence[str]) -> None:
        assert _VALUES.keys() == set(BATTLE_COLUMNS)
        self._tx, self._values = tx, [_VALUES[name] for name in names]

    def of(self, battle_ids: Sequence[int]) -> dict[int, tuple[object, ...]]:
        """Return the values, in the order of the names, by row number of the battle; nothing without names."""
        found: dict[int, tuple[object, ...]] = {}
        for start in range(0, len(battle_ids) if self._values else 0, _BATCH):
            ids = battle_ids[start : start + _BATCH]
            for row in self._tx.execute(_ROWS.where(votes.c.battle_id.in_(ids))):
                found[row.battle_id] = tuple(value(row) for value in self._values)
        return found
