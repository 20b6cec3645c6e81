"""Votes judged again: what is written, and what no verdict changes."""

from collections.abc import Mapping

from db import queries
from db.codes import Reason, Side, State
from db.integrity import problems
from db.queries import AnswerRecord, NewVerdict, Restated
from db.session import Database
from tests.db.building import ELO, fight, judge_again, votable, vote


def _sound(database: Database) -> None:
    with database.read() as tx:
        assert problems(tx, ELO) == []


def _short(facts: Mapping[str, object]) -> set[Reason] | None:
    length = facts.get("length")
    if not isinstance(length, int):
        return None
    return {Reason.STOPPED} if length < 100 else set()


def test_judging_again_changes_verdicts_and_keeps_those_without_facts(database: Database) -> None:
    with database.write() as tx:
        long = votable(tx)
        vote(tx, long, reasons=[Reason.FLAGGED], facts={"length": 500})
        short = votable(tx)
        vote(tx, short, facts={"length": 5})
        lost = votable(tx)
        vote(tx, lost, reasons=[Reason.FLAGGED])
        same = votable(tx, visitor="bo")
        vote(tx, same, visitor="bo", facts={"length": 200})
        taken_back = votable(tx, visitor="bo")
        vote(tx, taken_back, visitor="bo", facts={"length": 200})
        queries.withdraw_vote(tx, taken_back, visitor="bo", reason=None, now=30.0)
    with database.write() as tx:
        assert judge_again(tx, _short, rules_version=2) == Restated(n_changed=2, n_flipped=2, revision=7)
        found = {
            name: queries.get_battle(tx, battle_id).vote
            for name, battle_id in {"long": long, "short": short, "lost": lost, "same": same}.items()
        }
        verdicts = {name: (one.reasons, one.rules_version, one.changed_revision) for name, one in found.items() if one}
        assert verdicts == {
            "long": ((), 2, 7),
            "short": ((Reason.STOPPED,), 2, 7),
            "lost": ((Reason.FLAGGED,), 1, None),
            "same": ((), 2, None),
        }
        withdrawn = queries.get_battle(tx, taken_back).vote
        assert withdrawn is not None
        assert withdrawn.reasons == (Reason.WITHDRAWN,)
        assert judge_again(tx, _short, rules_version=2) == Restated(n_changed=0, n_flipped=0, revision=7)
    _sound(database)


def test_a_judge_cannot_add_or_remove_standing_reasons(database: Database) -> None:
    with database.write() as tx:
        fight(tx)
        vote(tx, votable(tx, visitor="bo"), visitor="bo")
        queries.ban_visitor(tx, "bo", reason="x", now=1.0)
        judge_again(tx, lambda _: {Reason.BANNED, Reason.WITHDRAWN}, rules_version=2)
        assert queries.exclusions(tx) == {Reason.BANNED: 1}
    _sound(database)


def test_votes_come_page_by_page_in_order_with_the_answers_that_are_asked_for(database: Database) -> None:
    with database.write() as tx:
        for n in range(4):
            vote(tx, votable(tx), reasons=[Reason.STOPPED, Reason.FLAGGED] if n == 2 else [], facts={"n": n})
        more = votable(tx)
        queries.add_turn(tx, more, "And?")
        queries.save_answer(tx, more, 2, AnswerRecord(Side.A, 1, "", error="broken"))
        queries.save_answer(tx, more, 2, AnswerRecord(Side.A, 2, "Yes."))
        queries.set_battle_state(tx, more, State.VOTABLE, now=3.0)
        vote(tx, more, facts={"n": 4})
    with database.read() as tx:
        first = queries.votes_to_judge(tx, after=0, needs_answers=lambda facts: facts["n"] == 1, limit=3)
        rest = queries.votes_to_judge(tx, after=first[-1].revision, needs_answers=lambda _: True, limit=3)
        assert queries.votes_to_judge(tx, after=rest[-1].revision, needs_answers=lambda _: True) == []
    assert [(one.revision, one.facts, one.rules_version) for one in [*first, *rest]] == [
        (n + 1, {"n": n}, 1) for n in range(5)
    ]
    assert [one.reasons for one in first] == [(), (), (Reason.STOPPED, Reason.FLAGGED)]
    assert [len(one.turns) for one in [*first, *rest]] == [0, 1, 0, 1, 2]
    assert [answer.text for answer in rest[1].turns[1].answers] == ["", "Yes."]


def test_what_changed_meanwhile_is_read_again_under_the_lock(database: Database) -> None:
    """A vote was judged without a lock; before the verdict is stored, its voter withdraws it and is banned."""
    with database.write() as tx:
        battle_id = fight(tx)
        queries.withdraw_vote(tx, battle_id, visitor="ann", reason=None, now=30.0)
        queries.ban_visitor(tx, "ann", reason="x", now=31.0)
        judged = NewVerdict(1, (Reason.NO_ANSWER,), {"new": True})
        assert queries.store_verdicts(tx, [judged], rules_version=2) == Restated(1, 0, 4)
        vote_ = queries.get_battle(tx, battle_id).vote
        assert vote_ is not None
        assert vote_.reasons == (Reason.BANNED, Reason.WITHDRAWN, Reason.NO_ANSWER)
        assert (vote_.facts, vote_.rules_version, vote_.changed_revision) == ({"new": True}, 2, 4)
        assert queries.store_verdicts(tx, [judged], rules_version=2) == Restated(0, 0, 4)
    _sound(database)


def test_a_verdict_that_stays_is_stored_without_a_revision(database: Database) -> None:
    with database.write() as tx:
        battle_id = fight(tx)
        queries.keep_verdicts(tx, [NewVerdict(1, (), {"n": 2**70})], rules_version=2)
        queries.keep_verdicts(tx, [], rules_version=3)
        stored = queries.get_battle(tx, battle_id).vote
        assert stored is not None
        assert (stored.facts, stored.rules_version, stored.changed_revision) == ({"n": 2**70}, 2, None)
        assert queries.ledger_state(tx) == queries.LedgerState(1, 1)
    _sound(database)
