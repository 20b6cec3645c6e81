"""The reasons that voters gave for or against a model's answers, and battles that may be shown as samples."""

from sqlalchemy import ColumnElement, Connection, exists, func, select, true

from db.codes import BattleKind, Side
from db.queries.load import load_battles
from db.queries.roster import model_ids, model_names
from db.records.battles import BattleRecord
from db.records.boards import TagVotes
from db.schema import battles, feedback, turns, visitors, votes

_PAGE = 200


def model_feedback(tx: Connection, name: str) -> TagVotes:
    """Count the tags that voters gave the model, in counted votes on battles of two drawn models. Raises
    NoSuchModel."""
    model, others = model_ids(tx, [name])[name], list(model_names(tx))
    tags: dict[str, int] = {}
    n_votes = 0
    for side in Side:
        which = (votes.c.counted == true(), votes.c.kind == BattleKind.BATTLE, *_on_side(model, side, others))
        n_votes += tx.scalar(select(func.count()).where(*which)) or 0
        given = (
            select(feedback.c.tag, func.count())
            .select_from(votes.join(feedback, feedback.c.battle_id == votes.c.battle_id))
            .where(*which, feedback.c.side == side, feedback.c.tag.is_not(None))
            .group_by(feedback.c.tag)
        )
        for tag, n in tx.execute(given):
            tags[tag] = tags.get(tag, 0) + n
    return TagVotes(dict(sorted(tags.items(), key=lambda item: (-item[1], item[0]))), n_votes)


def model_samples(tx: Connection, name: str, limit: int) -> list[BattleRecord]:
    """Return at most `limit` battles of the model with a counted vote, the newest vote first, whose visitors agree that
    the texts may be published and whose texts are there. Raises NoSuchModel."""
    model, others = model_ids(tx, [name])[name], list(model_names(tx))
    cast: list[tuple[float, int]] = []
    for side in Side:
        which = (votes.c.counted == true(), votes.c.kind == BattleKind.BATTLE, *_on_side(model, side, others))
        cast += [(at, battle) for at, battle in tx.execute(select(votes.c.cast_at, votes.c.battle_id).where(*which))]
    newest = [battle for _, battle in sorted(cast, reverse=True)]
    has_text = exists().where(turns.c.battle_id == battles.c.id, turns.c.n == 1, turns.c.prompt != "")
    found: list[BattleRecord] = []
    for start in range(0, len(newest), _PAGE):
        page = newest[start : start + _PAGE]
        covered = set(
            tx.scalars(
                select(battles.c.id)
                .join(visitors, battles.c.visitor_id == visitors.c.id)
                .where(battles.c.id.in_(page), visitors.c.consent_at <= battles.c.opened_at, has_text)
            )
        )
        wanted = [battle for battle in page if battle in covered][: limit - len(found)]
        loaded = load_battles(tx, battles.c.id.in_(wanted)) if wanted else []
        found += sorted(
            (battle for battle in loaded if battle.has_texts), key=lambda one: -(one.vote.cast_at if one.vote else 0)
        )
        if len(found) >= limit:
            break
    return found


def _on_side(model: int, side: Side, others: list[int]) -> tuple[ColumnElement[bool], ...]:
    """The model is on that side. The index `votes_filters` begins with `counted` and `model_a`."""
    if side is Side.A:
        return (votes.c.model_a == model,)
    return votes.c.model_a.in_(others), votes.c.model_b == model
