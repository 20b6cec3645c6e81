"""Battles and votes for tests of the database, and an online Elo written down a second time."""

from collections.abc import Callable, Collection, Mapping

from sqlalchemy import Connection

from db import queries
from db.codes import BattleKind, Policy, Reason, Side, State
from db.outcome import Outcome
from db.queries import (
    AnswerRecord,
    CastVote,
    DeckAnswer,
    DeckPrompt,
    ModelInfo,
    NewBattle,
    NewVerdict,
    OnlineElo,
    Restated,
    StoredSettings,
)
from db.queries.boards.ledger import lock_ledger

MODELS = ("ash", "birch", "cedar", "dogwood")
SETTINGS = StoredSettings(system_prompt="Be kind.", temperature=0.7, top_p=0.95, max_tokens=256, pace="equal")
PROMPT = DeckPrompt("starter", "Name a tree.", ("short", "nature"), "en")


def _update(rating_a: float, rating_b: float, outcome: Outcome) -> tuple[float, float]:
    expected = 1 / (1 + 10 ** ((rating_b - rating_a) / 400))
    points = {Outcome.A: 1.0, Outcome.B: 0.0, Outcome.TIE: 0.5, Outcome.BOTH_BAD: 0.5}[outcome]
    return rating_a + 32 * (points - expected), rating_b - 32 * (points - expected)


ELO = OnlineElo("elo k=32", 1000.0, _update)


def add_models(tx: Connection) -> None:
    queries.upsert_models(tx, [ModelInfo(name) for name in MODELS], now=1.0)


def votable(
    tx: Connection,
    pair: tuple[str, str] = ("ash", "birch"),
    visitor: str = "ann",
    *,
    kind: BattleKind = BattleKind.BATTLE,
) -> str:
    """A battle that waits for its vote."""
    add_models(tx)
    new = NewBattle(
        visitor, *pair, SETTINGS, kind, policy=Policy.UNIFORM, draw_probability=1 / 12, language="en", address="cafe"
    )
    battle_id = queries.open_battle(tx, new, now=10.0)
    turn = queries.add_turn(tx, battle_id, "What is 2 + 2?")
    for side in Side:
        answer = AnswerRecord(side, 1, f"It is {3 + side}.", side + 7, "stop", 9, 5, 12.5, 80.25, "f00d", None)
        queries.save_answer(tx, battle_id, turn, answer)
    queries.set_battle_state(tx, battle_id, State.VOTABLE, now=11.0)
    return battle_id


def votable_quick(tx: Connection, pair: tuple[str, str] = ("ash", "birch"), visitor: str = "ann") -> str:
    """A quick battle: a prepared prompt that both models have answered."""
    add_models(tx)
    key = queries.add_deck_prompt(tx, PROMPT)
    for model in pair:
        queries.save_deck_answer(tx, key, DeckAnswer(model, f"{model} it is", 3, "stop", 4, 5, "f00d"))
    return queries.open_battle(tx, NewBattle(visitor, *pair, None, BattleKind.QUICK, deck_prompt=key), now=10.0)


def vote(
    tx: Connection,
    battle_id: str,
    outcome: Outcome = Outcome.A,
    visitor: str = "ann",
    *,
    reasons: Collection[Reason] = (),
    facts: dict[str, object] | None = None,
    now: float = 20.0,
    elo: OnlineElo = ELO,
) -> CastVote:
    return queries.cast_vote(
        tx,
        battle_id,
        visitor=visitor,
        outcome=outcome,
        reasons=reasons,
        facts=facts or {},
        rules_version=1,
        elo=elo,
        now=now,
    )


def fight(
    tx: Connection, pair: tuple[str, str] = ("ash", "birch"), outcome: Outcome = Outcome.A, visitor: str = "ann"
) -> str:
    """A battle with its counted vote; returns its id."""
    battle_id = votable(tx, pair, visitor)
    vote(tx, battle_id, outcome, visitor)
    return battle_id


def judge_again(
    tx: Connection, judge: Callable[[Mapping[str, object]], Collection[Reason] | None], *, rules_version: int
) -> Restated:
    """Every vote judged again in this transaction; where `judge` returns None the old verdict is kept."""
    lock_ledger(tx)
    found: list[NewVerdict] = []
    after = 0
    while page := queries.votes_to_judge(tx, after=after, needs_answers=lambda _: False, limit=3):
        after = page[-1].revision
        verdicts = [(one, judge(one.facts)) for one in page]
        found += [NewVerdict(one.revision, tuple(new), one.facts) for one, new in verdicts if new is not None]
    return queries.store_verdicts(tx, found, rules_version=rules_version)
