import dataclasses
from types import MappingProxyType

import pytest
from sqlalchemy import select

from db import queries, schema
from db.codes import Action, BattleKind, Policy, Side, State
from db.errors import NoSuchBattle, NotAllowedNow
from db.queries import AnswerRecord, Check, NewBattle, Recent, TurnRecord
from db.session import Database
from tests.db.building import SETTINGS, add_models, fight, votable, vote


def test_a_battle_is_read_as_it_was_written(database: Database) -> None:
    with database.write() as tx:
        battle_id = votable(tx)
    with database.read() as tx:
        battle = queries.get_battle(tx, battle_id)
    assert len(battle_id) == 32
    assert len(battle.share_id) >= 20
    assert battle.share_id not in battle_id
    assert dataclasses.replace(battle, share_id="") == queries.BattleRecord(
        battle_id=battle_id,
        share_id="",
        kind=BattleKind.BATTLE,
        visitor="ann",
        model_a="ash",
        model_b="birch",
        state=State.VOTABLE,
        opened_at=10.0,
        closed_at=None,
        policy=Policy.UNIFORM,
        draw_probability=1 / 12,
        settings=SETTINGS,
        language="en",
        turns=(
            TurnRecord(
                1,
                "What is 2 + 2?",
                (
                    AnswerRecord(Side.A, 1, "It is 3.", 7, "stop", 9, 5, 12.5, 80.25, "f00d", None),
                    AnswerRecord(Side.B, 1, "It is 4.", 8, "stop", 9, 5, 12.5, 80.25, "f00d", None),
                ),
            ),
        ),
        same_sent=True,
    )


def test_turns_are_counted_and_the_last_attempt_is_the_one_shown(database: Database) -> None:
    with database.write() as tx:
        battle_id = votable(tx)
        assert queries.add_turn(tx, battle_id, "And 3 + 3?") == 2
        assert queries.get_battle(tx, battle_id).state == State.OPEN
        queries.save_answer(tx, battle_id, 2, AnswerRecord(Side.A, 1, "", error="timed_out"))
        queries.save_answer(tx, battle_id, 2, AnswerRecord(Side.A, 2, "6"))
        turn = queries.get_battle(tx, battle_id).turns[1]
    assert [(answer.attempt, answer.error) for answer in turn.answers] == [(1, "timed_out"), (2, None)]
    shown = turn.shown(Side.A)
    assert shown is not None
    assert shown.text == "6"
    assert turn.shown(Side.B) is None


def test_thoughts_and_parameters_are_kept_beside_the_answer(database: Database) -> None:
    sent = MappingProxyType({"max_completion_tokens": 1024, "reasoning": {"effort": "low"}, "stop": ("x",)})
    with database.write() as tx:
        battle_id = votable(tx)
        queries.add_turn(tx, battle_id, "And 3 + 3?")
        queries.save_answer(tx, battle_id, 2, AnswerRecord(Side.A, 1, "6", reasoning="three \0 and \ud83c", sent=sent))
        queries.save_answer(tx, battle_id, 2, AnswerRecord(Side.B, 1, "6", sent={}))
    with database.read() as tx:
        a, b = queries.get_battle(tx, battle_id).turns[1].answers
    assert (a.text, a.reasoning) == ("6", "three \ufffd and \ufffd")
    assert a.sent == {"max_completion_tokens": 1024, "reasoning": {"effort": "low"}, "stop": ["x"]}
    assert (b.reasoning, b.sent) == (None, {})


@pytest.mark.parametrize("n_tokens", [2**63, 10**30, -1])
def test_a_count_beyond_64_bits_is_stored_as_unknown(database: Database, n_tokens: int) -> None:
    with database.write() as tx:
        battle_id = votable(tx)
        queries.add_turn(tx, battle_id, "And 3 + 3?")
        answer = AnswerRecord(Side.A, 1, "6", prompt_tokens=n_tokens, completion_tokens=2**63 - 1)
        queries.save_answer(tx, battle_id, 2, answer)
        stored = queries.get_battle(tx, battle_id).turns[1].answers[0]
        assert (stored.prompt_tokens, stored.completion_tokens) == (None, 2**63 - 1)


def test_what_no_json_can_say_does_not_make_an_answer_unstorable(database: Database) -> None:
    sent = {"temperature": float("nan"), "top_p": float("inf"), "stop": "a\0\ud800", "\ud800": [1e300, 2**70]}
    with database.write() as tx:
        battle_id = votable(tx)
        queries.add_turn(tx, battle_id, "And 3 + 3?")
        queries.save_answer(tx, battle_id, 2, AnswerRecord(Side.A, 1, "6", sent=sent))
    with database.read() as tx:
        stored = queries.get_battle(tx, battle_id).turns[1].answers[0].sent
    assert stored == {"temperature": None, "top_p": None, "stop": "a\ufffd\ufffd", "\ufffd": [1e300, 2**70]}


@pytest.mark.parametrize(
    ("turn", "answer", "message"),
    [
        (2, AnswerRecord(Side.A, 1, "x"), "has no turn 2; add_turn comes before"),
        (1, AnswerRecord(Side.B, 1, "x"), "already has attempt 1 of side b at turn 1"),
    ],
)
def test_an_answer_needs_its_turn_and_a_new_attempt(
    database: Database, turn: int, answer: AnswerRecord, message: str
) -> None:
    with pytest.raises(NotAllowedNow, match=message), database.write() as tx:
        queries.save_answer(tx, votable(tx), turn, answer)


def test_a_chat_has_one_side(database: Database) -> None:
    with database.write() as tx:
        add_models(tx)
        battle_id = queries.open_battle(tx, NewBattle("ann", "ash", None, None, BattleKind.CHAT), now=1.0)
        queries.add_turn(tx, battle_id, "Hello")
        queries.save_answer(tx, battle_id, 1, AnswerRecord(Side.A, 1, "Hi"))
        assert queries.get_battle(tx, battle_id).model_b is None
    with pytest.raises(NotAllowedNow, match="is a chat, which has only side a"), database.write() as tx:
        queries.save_answer(tx, battle_id, 1, AnswerRecord(Side.B, 1, "Hi"))


@pytest.mark.parametrize("end", [State.VOTED, State.VOID])
def test_a_battle_that_has_ended_does_not_change(database: Database, end: State) -> None:
    with database.write() as tx:
        battle_id = votable(tx)
        if end == State.VOTED:
            vote(tx, battle_id)
        else:
            queries.set_battle_state(tx, battle_id, State.VOID, now=12.0)
            queries.set_battle_state(tx, battle_id, State.VOID, now=99.0)
        ended = queries.get_battle(tx, battle_id)
    assert ended.closed_at == (20.0 if end == State.VOTED else 12.0)
    refusal = f"is {end.label} and can no longer"
    with pytest.raises(NotAllowedNow, match=refusal), database.write() as tx:
        queries.add_turn(tx, battle_id, "More?")
    with pytest.raises(NotAllowedNow, match=refusal), database.write() as tx:
        queries.save_answer(tx, battle_id, 1, AnswerRecord(Side.A, 2, "x"))
    with pytest.raises(NotAllowedNow, match=refusal), database.write() as tx:
        queries.set_battle_state(tx, battle_id, State.OPEN, now=13.0)
    with database.read() as tx:
        assert queries.get_battle(tx, battle_id) == ended


def test_only_a_vote_makes_a_battle_voted(database: Database) -> None:
    with pytest.raises(NotAllowedNow, match="only cast_vote sets"), database.write() as tx:
        queries.set_battle_state(tx, votable(tx), State.VOTED, now=1.0)


def test_an_unknown_battle_is_an_error_that_names_it(database: Database) -> None:
    with database.write() as tx:
        for call in (
            lambda: queries.get_battle(tx, "nope"),
            lambda: queries.shared_battle(tx, "nope"),
            lambda: queries.add_turn(tx, "nope", "x"),
            lambda: queries.save_answer(tx, "nope", 1, AnswerRecord(Side.A, 1, "x")),
            lambda: queries.set_battle_state(tx, "nope", State.VOID, now=1.0),
            lambda: queries.save_check(tx, Check(1, None, "x", Action.LOGGED, "m"), battle_id="nope", now=1.0),
        ):
            with pytest.raises(NoSuchBattle, match="'nope'"):
                call()


def test_the_current_battle_is_the_visitors_newest_that_is_not_over(database: Database) -> None:
    with database.write() as tx:
        assert queries.current_battle(tx, "ann") is None
        old, new = votable(tx), votable(tx)
        votable(tx, visitor="bo")
        votable(tx, ("ash", "ash"), kind=BattleKind.NAMED)
        assert queries.current_battle(tx, "ann") == new
        vote(tx, new)
        assert queries.current_battle(tx, "ann") == old
        queries.set_battle_state(tx, old, State.VOID, now=1.0)
        assert queries.current_battle(tx, "ann") is None


def test_battles_that_no_process_streams_become_void(database: Database) -> None:
    with database.write() as tx:
        add_models(tx)
        for replica, seen_at in (("self", 50.0), ("alive", 99.0), ("lost", 50.0)):
            queries.touch_replica(tx, replica, now=1.0)
            queries.touch_replica(tx, replica, now=seen_at)
        by_replica = {
            replica: queries.open_battle(tx, NewBattle("ann", "ash", "birch", None, replica=replica), now=2.0)
            for replica in ("self", "alive", "lost", None)
        }
        moved = queries.open_battle(tx, NewBattle("ann", "ash", "birch", None, replica="lost"), now=2.0)
        queries.add_turn(tx, moved, "Still there?", replica="alive")
        queries.add_turn(tx, by_replica["self"], "First")
        queries.add_turn(tx, by_replica["self"], "Second")
        waiting = votable(tx)
        closed = queries.close_stale_battles(tx, replica="self", lost_before=60.0, now=100.0)
        assert [(one.visitor, one.prompt) for one in closed] == [("ann", "Second"), ("ann", ""), ("ann", "")]
        states = {replica: queries.get_battle(tx, one).state for replica, one in by_replica.items()}
        assert states == {"self": State.VOID, "alive": State.OPEN, "lost": State.VOID, None: State.VOID}
        assert queries.get_battle(tx, by_replica["lost"]).closed_at == 100.0
        assert queries.get_battle(tx, moved).state == State.OPEN
        assert queries.get_battle(tx, waiting).state == State.VOTABLE


def test_recent_counts_are_the_visitors_and_the_addresses(database: Database) -> None:
    with database.write() as tx:
        fight(tx)
        votable(tx)
        votable(tx, visitor="bo")
        assert queries.count_recent(tx, visitor="ann", address="cafe", since=10.0) == Recent(2, 1, 3)
        assert queries.count_recent(tx, visitor="ann", address=None, since=20.0) == Recent(0, 1, 0)
        assert queries.count_recent(tx, visitor="nobody", address="f00d", since=0.0) == Recent(0, 0, 0)


def test_addresses_are_forgotten(database: Database) -> None:
    with database.write() as tx:
        votable(tx)
        assert queries.clear_addresses(tx, before=10.0) == 0
        assert queries.clear_addresses(tx, before=10.5) == 1
        assert queries.clear_addresses(tx, before=10.5) == 0
        assert queries.count_recent(tx, visitor="ann", address="cafe", since=0.0).address_battles == 0


def test_named_prompts_are_those_of_pages_with_names(database: Database) -> None:
    with database.write() as tx:
        battle_id = votable(tx, kind=BattleKind.NAMED)
        queries.add_turn(tx, battle_id, "Who made you?")
        fight(tx)
        votable(tx, visitor="bo", kind=BattleKind.NAMED)
        assert queries.named_prompts(tx, "ann", since=10.0) == {"What is 2 + 2?", "Who made you?"}
        assert queries.named_prompts(tx, "ann", since=10.5) == frozenset()
        assert queries.named_prompts(tx, "cy", since=0.0) == frozenset()


def test_what_a_moderator_found_is_kept(database: Database) -> None:
    with database.write() as tx:
        queries.save_check(tx, Check(1, Side.B, "violence", Action.WARNED, "self"), battle_id=votable(tx), now=12.0)
        row = tx.execute(select(schema.checks)).one()
    assert (row.turn, row.side, row.category, row.action, row.moderator) == (
        1,
        Side.B,
        "violence",
        Action.WARNED,
        "self",
    )
