"""A model's counted votes, against each rival and by tag."""

from collections import defaultdict
from collections.abc import Collection, Mapping
from typing import Any

from sqlalchemy import Connection, Select, func, select, true

from db.codes import BattleKind
from db.outcome import Outcome
from db.queries.boards.ledger import CODE
from db.queries.roster import model_ids, model_names
from db.records.boards import RivalRecord
from db.schema import labels, votes

_BATTLES = (BattleKind.BATTLE,)
_Counts = dict[int, list[int]]


def model_record(tx: Connection, name: str, kinds: Collection[BattleKind] = _BATTLES) -> list[RivalRecord]:
    """Return the model's record against each rival that it has met, by the rival's name. Votes of campaigns are left
    out. Raises NoSuchModel."""
    model, names = model_ids(tx, [name])[name], model_names(tx)
    met: _Counts = defaultdict(lambda: [0] * len(Outcome))
    for is_a, rival, code, _, n in _met(tx, model, names, kinds):
        met[rival][_seen(code, is_a)] += n
    return _records(met, names)


def model_tags(tx: Connection, name: str, kinds: Collection[BattleKind] = _BATTLES) -> Mapping[str, list[RivalRecord]]:
    """Return the model's record against each rival on the battles with a tag, by tag, as `model_record`. A battle with
    two tags is in both. Raises NoSuchModel."""
    model, names = model_ids(tx, [name])[name], model_names(tx)
    tags_of = dict(tx.execute(select(labels.c.id, labels.c.tags)).all())
    met: dict[str, _Counts] = defaultdict(lambda: defaultdict(lambda: [0] * len(Outcome)))
    for is_a, rival, code, label, n in _met(tx, model, names, kinds):
        for tag in tags_of.get(label, ()):
            met[tag][rival][_seen(code, is_a)] += n
    return {tag: _records(counts, names) for tag, counts in sorted(met.items())}


def _met(
    tx: Connection, model: int, names: Mapping[int, str], kinds: Collection[BattleKind]
) -> list[tuple[bool, int, int, int | None, int]]:
    """Count the votes by side, rival, outcome and label."""
    found = []
    for is_a in (True, False):
        own, other = (votes.c.model_a, votes.c.model_b) if is_a else (votes.c.model_b, votes.c.model_a)
        query: Select[Any] = select(other, CODE, votes.c.label_id, func.count()).where(
            votes.c.counted == true(), own == model, votes.c.kind.in_(kinds), votes.c.campaign_id.is_(None)
        )
        if not is_a:  # the index begins with `counted` and `model_a`
            query = query.where(other.in_(list(names)))
        for rival, code, label, n in tx.execute(query.group_by(other, votes.c.outcome, votes.c.label_id)):
            found.append((is_a, rival, code, label, n))
    return found


def _seen(code: int, is_a: bool) -> Outcome:
    return Outcome(code) if is_a else Outcome(code).swapped


def _records(met: Mapping[int, list[int]], names: Mapping[int, str]) -> list[RivalRecord]:
    return sorted(
        (
            RivalRecord(names[rival], n[Outcome.A], n[Outcome.B], n[Outcome.TIE], n[Outcome.BOTH_BAD])
            for rival, n in met.items()
        ),
        key=lambda record: record.rival,
    )
