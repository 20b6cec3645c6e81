"""Battles from opening to end, and those that a stopped process left open."""

import secrets
import uuid
from dataclasses import asdict, fields

from sqlalchemy import Connection, Row, func, select, update

from db import errors
from db.codes import BattleKind, Side, State
from db.queries import decks
from db.queries.load import load_battles
from db.queries.roster import model_ids, visitor_row
from db.records.battles import AnswerRecord, BattleRecord, Check, Interrupted, NewBattle
from db.records.roster import Recent
from db.schema import answers, battles, checks, replicas, turns, visitors, votes

FINAL = (State.VOTED, State.VOID)


def open_battle(tx: Connection, battle: NewBattle, *, now: float) -> str:
    """Store the battle in state `open` (a quick battle: `votable`, because its answers exist); return its id, 32 hex
    digits. The share id is drawn here, and a new visitor is created. `replica` must have been touched before.

    Raises NoSuchModel; for a quick battle NoSuchPrompt, NotAllowedNow if a side has no prepared answer, and
    AlreadyDealt if the visitor has had the prompt.
    """
    names = [battle.model_a] if battle.model_b is None else [battle.model_a, battle.model_b]
    ids = model_ids(tx, names)
    visitor_id = visitor_row(tx, battle.visitor, now=now).id
    battle_id = uuid.uuid4().hex
    tx.execute(
        battles.insert().values(
            uuid=battle_id,
            share_id=secrets.token_urlsafe(16),
            kind=battle.kind,
            visitor_id=visitor_id,
            address=battle.address,
            model_a=ids[battle.model_a],
            model_b=None if battle.model_b is None else ids[battle.model_b],
            deck_prompt_id=None if battle.deck_prompt is None else _deal(tx, visitor_id, battle.deck_prompt, ids),
            policy=battle.policy,
            draw_probability=battle.draw_probability,
            settings=None if battle.settings is None else asdict(battle.settings),
            language=battle.language,
            state=State.VOTABLE if battle.kind == BattleKind.QUICK else State.OPEN,
            replica=battle.replica,
            opened_at=now,
        )
    )
    return battle_id


def _deal(tx: Connection, visitor_id: int, key: str, ids: dict[str, int]) -> int:
    prompt_id = decks.deck_prompt_id(tx, key)
    # The visitor's row is locked, so that two tabs cannot both find the prompt undealt.
    tx.execute(select(visitors.c.id).where(visitors.c.id == visitor_id).with_for_update(key_share=True))
    dealt = select(battles.c.id).where(battles.c.visitor_id == visitor_id, battles.c.deck_prompt_id == prompt_id)
    if tx.scalar(dealt) is not None:
        raise errors.AlreadyDealt(f"the visitor has already had the prepared prompt {key!r}; deal another one")
    answered = decks.answered_models(tx, key)
    for name, model_id in ids.items():
        if model_id not in answered:
            raise errors.NotAllowedNow(f"model {name!r} has no answer to the prepared prompt {key!r}")
    return prompt_id


def add_turn(tx: Connection, battle_id: str, prompt: str, *, replica: str | None = None) -> int:
    """Add the next turn and set the battle's state to `open`; return the turn's number, counted from 1. `replica` is
    the process that streams this turn, if it may differ from the one before.

    Raises NoSuchBattle; NotAllowedNow if the battle is voted, void or quick.
    """
    battle = _changeable(tx, battle_id, "take a turn")
    if battle.kind == BattleKind.QUICK:
        raise errors.NotAllowedNow(f"battle {battle_id} is quick: its prompt and answers come from its deck")
    n = 1 + (tx.scalar(select(func.max(turns.c.n)).where(turns.c.battle_id == battle.id)) or 0)
    tx.execute(turns.insert().values(battle_id=battle.id, n=n, prompt=prompt))
    tx.execute(
        update(battles).where(battles.c.id == battle.id).values(state=State.OPEN, replica=replica or battle.replica)
    )
    return n


def save_answer(tx: Connection, battle_id: str, turn: int, answer: AnswerRecord) -> None:
    """Store one attempt of one side, complete or broken. The caller counts attempts from 1.

    Raises NoSuchBattle; NotAllowedNow if the battle is voted or void, does not have that turn or that side (a chat), or
    already has that attempt.
    """
    battle = _changeable(tx, battle_id, "take an answer")
    if battle.model_b is None and answer.side == Side.B:
        raise errors.NotAllowedNow(f"battle {battle_id} is a chat, which has only side a")
    if tx.scalar(select(turns.c.n).where(turns.c.battle_id == battle.id, turns.c.n == turn)) is None:
        raise errors.NotAllowedNow(f"battle {battle_id} has no turn {turn}; add_turn comes before its answers")
    values = {"battle_id": battle.id, "turn": turn, "side": answer.side, "attempt": answer.attempt}
    if tx.scalar(select(func.count()).select_from(answers).filter_by(**values)):
        raise errors.NotAllowedNow(
            f"battle {battle_id} already has attempt {answer.attempt} of side {answer.side.label} at turn {turn}"
        )
    tx.execute(answers.insert().values(**answer_values(answer), battle_id=battle.id, turn=turn))


def set_battle_state(tx: Connection, battle_id: str, state: State, *, now: float) -> None:
    """Move the battle between `open` and `votable`, or to `void`, which ends it. Its present state changes nothing.

    Raises NoSuchBattle; NotAllowedNow for a battle that is voted or void, and for the state `voted`, which only a vote
    sets.
    """
    if state == State.VOTED:
        raise errors.NotAllowedNow("only cast_vote sets the state voted, together with the vote")
    battle = _locked(tx, battle_id)
    if battle.state == state:
        return
    _refuse_final(battle, f"become {state.label}")
    closed_at = now if state in FINAL else None
    tx.execute(update(battles).where(battles.c.id == battle.id).values(state=state, closed_at=closed_at))


def get_battle(tx: Connection, battle_id: str) -> BattleRecord:
    """Return the battle with its turns, answers (by turn, side, attempt) and vote. Raises NoSuchBattle."""
    for battle in load_battles(tx, battles.c.uuid == battle_id):
        return battle
    raise no_such_battle(battle_id)


def get_shared_battle(tx: Connection, share_id: str) -> BattleRecord:
    """Return the battle with a share id, as `get_battle`. Raises NoSuchBattle."""
    for battle in load_battles(tx, battles.c.share_id == share_id):
        return battle
    raise no_such_battle(share_id)


def current_battle(tx: Connection, visitor: str, kind: BattleKind = BattleKind.BATTLE) -> str | None:
    """Return the visitor's newest battle of this kind that is open or votable, for a reloaded page."""
    return tx.scalar(
        select(battles.c.uuid)
        .join(visitors, battles.c.visitor_id == visitors.c.id)
        .where(
            visitors.c.pseudonym == visitor,
            battles.c.kind == kind,
            battles.c.state.in_((State.OPEN, State.VOTABLE)),
        )
        .order_by(battles.c.opened_at.desc(), battles.c.id.desc())
        .limit(1)
    )


def close_stale_battles(tx: Connection, *, replica: str, lost_before: float, now: float) -> tuple[Interrupted, ...]:
    """Make every open battle void that no process streams any more; return them in the order of opening.

    These are battles of an earlier process with this replica's name (call this at start, before the first battle) and
    of replicas not seen since `lost_before`. Votable battles are left alone.
    """
    from_lost = select(replicas.c.id).where(replicas.c.seen_at < lost_before)
    stale = (battles.c.state == State.OPEN) & (
        (battles.c.replica == replica) | battles.c.replica.is_(None) | battles.c.replica.in_(from_lost)
    )
    of_battle = turns.alias()
    last = select(func.max(of_battle.c.n)).where(of_battle.c.battle_id == battles.c.id).scalar_subquery()
    joined = battles.join(visitors).outerjoin(turns, (turns.c.battle_id == battles.c.id) & (turns.c.n == last))
    asked = select(visitors.c.pseudonym, turns.c.prompt, battles.c.kind).select_from(joined).where(stale)
    rows = tx.execute(asked.order_by(battles.c.id))
    found = tuple(Interrupted(row.pseudonym, row.prompt or "", row.kind) for row in rows)
    tx.execute(update(battles).where(stale).values(state=State.VOID, closed_at=now))
    return found


def count_recent(tx: Connection, *, visitor: str, address: str | None, since: float) -> Recent:
    """Count the battles opened and votes cast by the visitor, and the battles opened from the address."""
    own = select(func.count()).select_from(battles.join(visitors)).where(visitors.c.pseudonym == visitor)
    voted = select(func.count()).select_from(votes.join(battles).join(visitors)).where(visitors.c.pseudonym == visitor)
    near = select(func.count()).select_from(battles).where(battles.c.address == address, battles.c.opened_at >= since)
    return Recent(
        battles=tx.scalar(own.where(battles.c.opened_at >= since)) or 0,
        votes=tx.scalar(voted.where(votes.c.cast_at >= since)) or 0,
        address_battles=0 if address is None else tx.scalar(near) or 0,
    )


def named_prompts(tx: Connection, visitor: str, *, since: float) -> frozenset[str]:
    """Return every prompt of the visitor since then on a page with names (kinds `named` and `chat`)."""
    asked = (
        select(turns.c.prompt)
        .select_from(turns.join(battles).join(visitors))
        .where(
            visitors.c.pseudonym == visitor,
            battles.c.opened_at >= since,
            battles.c.kind.in_((BattleKind.NAMED, BattleKind.CHAT)),
        )
    )
    return frozenset(tx.scalars(asked))


def clear_addresses(tx: Connection, *, before: float) -> int:
    """Clear the addresses of battles opened before that time; return how many."""
    old = update(battles).where(battles.c.address.is_not(None), battles.c.opened_at < before)
    return tx.execute(old.values(address=None)).rowcount


def add_check(tx: Connection, battle_id: str, check: Check) -> None:
    """Store a moderator's finding. Raises NoSuchBattle."""
    row_id = tx.scalar(select(battles.c.id).where(battles.c.uuid == battle_id))
    if row_id is None:
        raise no_such_battle(battle_id)
    tx.execute(checks.insert().values(**asdict(check), battle_id=row_id))


def answer_values(answer: AnswerRecord) -> dict[str, object]:
    """Return the columns of an answer, except its battle and turn (for other queries)."""
    return {one.name: getattr(answer, one.name) for one in fields(answer)}


def no_such_battle(battle_id: str) -> errors.NoSuchBattle:
    """Return the error of an unknown id (for other queries)."""
    return errors.NoSuchBattle(f"no battle has the id {battle_id!r}")


def _locked(tx: Connection, battle_id: str) -> Row[tuple[object, ...]]:
    """Lock and return the battle's row. Raises NoSuchBattle."""
    query = select(battles).where(battles.c.uuid == battle_id).with_for_update(key_share=True)
    row = tx.execute(query).one_or_none()
    if row is None:
        raise no_such_battle(battle_id)
    return row


def _changeable(tx: Connection, battle_id: str, what: str) -> Row[tuple[object, ...]]:
    battle = _locked(tx, battle_id)
    _refuse_final(battle, what)
    return battle


def _refuse_final(battle: Row[tuple[object, ...]], what: str) -> None:
    if battle.state in FINAL:
        raise errors.NotAllowedNow(f"battle {battle.uuid} is {battle.state.label} and can no longer {what}")
