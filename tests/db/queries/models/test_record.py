import pytest
from sqlalchemy import Connection

from db import queries
from db.codes import BattleKind, Reason, Side, State
from db.errors import NoSuchModel
from db.outcome import Outcome
from db.queries import AnswerRecord, Feedback, NewBattle, RivalRecord, Score, Tag
from db.session import Database
from tests.db.building import add_models, vote
from tests.db.queries.decks.test_campaigns import campaign, judge


def _battle(
    tx: Connection, pair: tuple[str, str], outcome: Outcome, *, visitor: str = "ann", tags: tuple[str, ...] = (),
    now: float = 10.0, reasons: tuple[Reason, ...] = (),
) -> str:  # fmt: skip
    add_models(tx)
    battle_id = queries.open_battle(tx, NewBattle(visitor, *pair, None, tags=tags), now=now)
    queries.add_turn(tx, battle_id, "Why?")
    for side in Side:
        queries.save_answer(tx, battle_id, 1, AnswerRecord(side, 1, "Because."))
    queries.set_battle_state(tx, battle_id, State.VOTABLE, now=now)
    vote(tx, battle_id, outcome, visitor, now=now, reasons=reasons)
    return battle_id


def test_a_record_is_seen_from_the_model(database: Database) -> None:
    with database.write() as tx:
        _battle(tx, ("ash", "birch"), Outcome.A, tags=("code", "short"))
        _battle(tx, ("birch", "ash"), Outcome.A, tags=("code",))
        _battle(tx, ("ash", "birch"), Outcome.TIE)
        _battle(tx, ("cedar", "ash"), Outcome.BOTH_BAD)
        _battle(tx, ("cedar", "ash"), Outcome.B, reasons=(Reason.STOPPED,))
        _battle(tx, ("cedar", "birch"), Outcome.A, tags=("code",))
        judge(tx, campaign(tx)[1], "ann", Outcome.A)
        assert queries.model_record(tx, "ash") == [
            RivalRecord("birch", wins=1, losses=1, ties=1), RivalRecord("cedar", both_bad=1),
        ]  # fmt: skip
        assert queries.model_record(tx, "ash")[0].counted == 3
        assert queries.model_tags(tx, "ash") == {
            "code": [RivalRecord("birch", wins=1, losses=1)], "short": [RivalRecord("birch", wins=1)],
        }  # fmt: skip
        assert queries.model_record(tx, "dogwood") == []
        assert queries.model_record(tx, "ash", [BattleKind.QUICK]) == []
        with pytest.raises(NoSuchModel):
            queries.model_record(tx, "oak")


def test_feedback_is_that_of_the_models_side(database: Database) -> None:
    with database.write() as tx:
        for pair in (("ash", "birch"), ("birch", "ash")):
            battle_id = _battle(tx, pair, Outcome.A)
            queries.save_feedback(tx, battle_id, visitor="ann", feedback=Feedback((Tag.CLEAR,), (Tag.WRONG,), "no"))
        found = queries.model_feedback(tx, "ash")
    assert (found.tags, found.n_votes) == ({"clear": 1, "wrong": 1}, 2)


def test_samples_are_the_newest_with_consent_and_texts(database: Database) -> None:
    with database.write() as tx:
        queries.set_consent(tx, "ann", is_given=True, now=20.0)
        queries.set_consent(tx, "bo", is_given=True, now=1.0)
        _battle(tx, ("ash", "birch"), Outcome.A, now=10.0)
        late = _battle(tx, ("birch", "ash"), Outcome.A, now=30.0)
        bos = _battle(tx, ("ash", "cedar"), Outcome.A, visitor="bo", now=25.0)
        _battle(tx, ("cedar", "birch"), Outcome.A, now=40.0)
        _battle(tx, ("ash", "birch"), Outcome.A, visitor="cy", now=50.0)
        _battle(tx, ("ash", "birch"), Outcome.A, visitor="bo", now=50.0, reasons=(Reason.STOPPED,))
        assert [one.battle_id for one in queries.model_samples(tx, "ash", 9)] == [late, bos]
        assert [one.battle_id for one in queries.model_samples(tx, "ash", 1)] == [late]


def test_scores_replace_each_other(database: Database) -> None:
    with database.write() as tx:
        add_models(tx)
        queries.save_scores(tx, [Score("birch", "mmlu", 0.5), Score("ash", "mmlu", 0.25)])
        queries.save_scores(tx, [Score("ash", "mmlu", 0.75, 0.5, 1.0, 80, {"shots": 5})])
        assert queries.scores(tx) == [
            Score("ash", "mmlu", 0.75, 0.5, 1.0, 80, {"shots": 5}), Score("birch", "mmlu", 0.5, settings={}),
        ]  # fmt: skip
        with pytest.raises(NoSuchModel):
            queries.save_scores(tx, [Score("oak", "mmlu", 0.5)])
