"""What models and visitors have done lately, for the owner."""

from collections import Counter, defaultdict

from sqlalchemy import ColumnElement, Connection, Table, func, select

from db.codes import Reason
from db.queries.battles.summaries import SUMMARIES, summaries
from db.queries.roster import model_names
from db.records.roster import ModelActivity
from db.records.visitors import BattleSummary
from db.schema import battles, vote_reasons, votes


def model_activity(tx: Connection, since: float) -> list[ModelActivity]:
    """Return for each model, by name, the battles opened and the votes cast since then, of all kinds, and why votes do
    not count."""
    battled = _by_model(tx, battles, battles.c.opened_at >= since)
    voted = _by_model(tx, votes, votes.c.cast_at >= since)
    sides = (votes.c.model_a, votes.c.model_b)
    excluded: dict[int, Counter[Reason]] = defaultdict(Counter)
    because = select(*sides, vote_reasons.c.reason, func.count()).select_from(votes.join(vote_reasons))
    because = because.where(votes.c.cast_at >= since).group_by(*sides, vote_reasons.c.reason)
    for a, b, reason, n in tx.execute(because):
        for model in {a, b}:
            excluded[model][reason] += n
    return [
        ModelActivity(name, battled[model], voted[model], dict(sorted(excluded[model].items())))
        for name, model in sorted((name, model) for model, name in model_names(tx).items())
    ]


def latest_battles(tx: Connection, limit: int) -> list[BattleSummary]:
    """Return the last battles of all visitors, the newest first, with all names."""
    return summaries(tx, SUMMARIES.limit(limit), knows_all=True)


def _by_model(tx: Connection, table: Table, which: ColumnElement[bool]) -> Counter[int]:
    """Count rows by the models in them; one with the same model on both sides counts once."""
    found: Counter[int] = Counter()
    sides = (table.c.model_a, table.c.model_b)
    for a, b, n in tx.execute(select(*sides, func.count()).where(which).group_by(*sides)):
        for model in {a, b} - {None}:
            found[model] += n
    return found
