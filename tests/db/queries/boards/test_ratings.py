import pytest

from db import queries
from db.codes import BattleKind, Reason, Side, State
from db.outcome import Outcome
from db.queries import AnswerRecord, RatedVote, ShownAnswer, StyleCounts
from db.queries.decks.prompts import deck_key
from db.session import Database
from tests.db.building import MODELS, PROMPT, votable, votable_quick, vote


def test_votes_come_in_order_with_all_that_is_known_of_them(database: Database) -> None:
    with database.write() as tx:
        vote(tx, votable(tx, ("birch", "ash"), "ann"), Outcome.A, "ann", now=20.0)
        vote(tx, votable(tx), Outcome.B, reasons=[Reason.STOPPED], now=21.0)
        vote(tx, votable_quick(tx, ("cedar", "ash"), "bob"), Outcome.TIE, "bob", now=22.0)
    key = deck_key(PROMPT)
    live = RatedVote("birch", "ash", Outcome.A, 20.0, "ann", None, 1 / 12, (), ())
    quick = RatedVote("cedar", "ash", Outcome.TIE, 22.0, "bob", f"{key}:ash|cedar", None, (), ())
    with database.read() as tx:
        assert [*queries.rated_votes(tx, None)] == [live, quick]
        assert [*queries.rated_votes(tx)] == [live]
        assert [*queries.rated_votes(tx, BattleKind.QUICK)] == [quick]
        assert all(isinstance(rated.outcome, Outcome) for rated in queries.rated_votes(tx, None))


def test_answers_are_those_that_were_shown_and_style_only_on_request(database: Database) -> None:
    with database.write() as tx:
        battle = votable(tx, ("ash", "birch"))
        turn = queries.add_turn(tx, battle, "And 3 + 3?")
        for attempt, text in ((1, "cut o"), (2, "Six.")):
            queries.save_answer(tx, battle, turn, AnswerRecord(Side.B, attempt, text, None, None, 9, attempt, 1.0, 2.5))
        queries.set_battle_state(tx, battle, State.VOTABLE, now=12.0)
        vote(tx, battle)
        vote(tx, votable_quick(tx, ("cedar", "ash"), "bob"), Outcome.B, "bob")
    with database.read() as tx:
        live, quick = queries.rated_votes(tx, None, with_answers=True, with_style=True)
        assert live.answers_a == (ShownAnswer(StyleCounts.of("It is 3."), 5, 80.25),)
        both = StyleCounts(*map(sum, zip(StyleCounts.of("It is 4."), StyleCounts.of("Six."), strict=True)))
        assert live.answers_b == (ShownAnswer(both, 7, 82.75),)
        assert quick.answers_a == (ShownAnswer(StyleCounts.of("cedar it is"), 5, None),)
        assert quick.answers_b == (ShownAnswer(StyleCounts.of("ash it is"), 5, None),)
        live, quick = queries.rated_votes(tx, None, with_answers=True)
        assert live.answers_b == (ShownAnswer(None, 7, 82.75),)
        assert quick.answers_a == (ShownAnswer(None, 5, None),)


def test_many_votes_come_page_by_page(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("db.queries.boards.ratings._BATCH", 3)
    with database.write() as tx:
        for i in range(7):
            vote(tx, votable(tx, (MODELS[i % 3], MODELS[3])), now=20.0 + i)
    with database.read() as tx:
        assert [rated.cast_at for rated in queries.rated_votes(tx)] == [20.0 + i for i in range(7)]
        answers = [rated.answers_b for rated in queries.rated_votes(tx, with_answers=True)]
        assert answers == [(ShownAnswer(None, 5, 80.25),)] * 7


def test_voters_come_with_the_same_votes_in_the_same_order(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("db.queries.boards.ledger._BATCH", 3)
    with database.write() as tx:
        for i in range(8):
            visitor, reasons = f"visitor {i % 3}", [Reason.STOPPED] * (i == 2)
            pair = (MODELS[i % 2], MODELS[2 + i % 2])
            vote(tx, votable(tx, pair, visitor), Outcome(i % 4), visitor, now=20.0 + i, reasons=reasons)
        vote(tx, votable_quick(tx, ("cedar", "ash"), "bob"), Outcome.TIE, "bob", now=30.0)
    with database.read() as tx:
        names = queries.model_names(tx)
        for kind, since in ((BattleKind.BATTLE, None), (None, None), (BattleKind.BATTLE, 24.0)):
            rated = [*queries.rated_votes(tx, kind, since=since)]
            found = [*queries.voters_in_order(tx, kind, since=since)]
            assert [(names[a], names[b], code) for _, a, b, code in found] == [
                (one.model_a, one.model_b, int(one.outcome)) for one in rated
            ]
            visitors = {number: one.voter for (number, *_), one in zip(found, rated, strict=True)}
            assert [visitors[number] for number, *_ in found] == [one.voter for one in rated]
            assert len(set(visitors.values())) == len(visitors)


def test_the_first_moment_is_in_and_the_last_is_out(database: Database) -> None:
    with database.write() as tx:
        for i in range(5):
            vote(tx, votable(tx, (MODELS[i % 2], MODELS[2])), now=20.0 + i, reasons=[Reason.STOPPED] * (i == 2))
    with database.read() as tx:
        assert [rated.cast_at for rated in queries.rated_votes(tx, since=21.0, until=24.0)] == [21.0, 23.0]
        assert len([*queries.votes_in_order(tx, since=21.0, until=24.0)]) == 2
        assert sum(cell.n for cell in queries.cells(tx, since=21.0, until=24.0)) == 2
        assert sum(cell.n for cell in queries.cells(tx, None, until=22.0)) == 2
        assert queries.exclusions(tx, since=21.0) == {Reason.STOPPED: 1}
        assert queries.exclusions(tx, until=22.0) == {}
