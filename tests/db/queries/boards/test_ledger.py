from db import queries
from db.codes import BattleKind, Reason
from db.outcome import Outcome
from db.queries import EloState, LedgerState, OnlineElo, PairCount, VoteTotals
from db.session import Database
from tests.db.building import ELO, fight, votable, votable_quick, vote


def _some_votes(database: Database) -> None:
    with database.write() as tx:
        fight(tx, ("ash", "birch"), Outcome.A)
        fight(tx, ("ash", "birch"), Outcome.A)
        fight(tx, ("birch", "ash"), Outcome.A)
        fight(tx, ("ash", "cedar"), Outcome.BOTH_BAD)
        vote(tx, votable(tx), reasons=[Reason.STOPPED, Reason.FLAGGED])
        vote(tx, votable_quick(tx), Outcome.TIE)
        vote(tx, votable(tx, ("ash", "ash"), kind=BattleKind.NAMED), reasons=[Reason.NAMED])


def test_cells_count_what_counts_by_ordered_pair_and_outcome(database: Database) -> None:
    _some_votes(database)
    with database.read() as tx:
        of_battles = queries.cells(tx)
        assert sorted(of_battles) == [
            ("ash", "birch", Outcome.A, 2),
            ("ash", "cedar", Outcome.BOTH_BAD, 1),
            ("birch", "ash", Outcome.A, 1),
        ]
        assert all(isinstance(cell.outcome, Outcome) for cell in of_battles)
        assert queries.cells(tx, BattleKind.QUICK) == [("ash", "birch", Outcome.TIE, 1)]
        assert sum(cell.n for cell in queries.cells(tx, None)) == 5
        assert queries.pair_counts(tx) == [PairCount("ash", "birch", 3), PairCount("ash", "cedar", 1)]


def test_exclusions_and_totals_say_what_does_not_count(database: Database) -> None:
    _some_votes(database)
    with database.read() as tx:
        assert queries.exclusions(tx) == {Reason.STOPPED: 1, Reason.FLAGGED: 1}
        assert queries.exclusions(tx, None) == {Reason.STOPPED: 1, Reason.FLAGGED: 1, Reason.NAMED: 1}
        assert queries.vote_totals(tx) == VoteTotals(counted=4, excluded=1)
        assert queries.vote_totals(tx, None) == VoteTotals(counted=5, excluded=2)
        assert queries.vote_totals(tx, BattleKind.CONTROL) == VoteTotals(0, 0)


def test_votes_come_in_order_of_revision(database: Database) -> None:
    _some_votes(database)
    with database.read() as tx:
        assert [*queries.votes_in_order(tx, BattleKind.BATTLE)] == [
            ("ash", "birch", Outcome.A),
            ("ash", "birch", Outcome.A),
            ("birch", "ash", Outcome.A),
            ("ash", "cedar", Outcome.BOTH_BAD),
        ]
        assert len([*queries.votes_in_order(tx)]) == 5
        assert queries.ledger_state(tx) == LedgerState(7, 7)


def test_the_worked_example_of_an_online_elo() -> None:
    # Wikipedia, "Elo rating system": 1613 plays 1609 (loss), 1477 (draw), 1388 (win), 1586 (win), 1720 (loss), K = 32.
    # There the five expected scores are added up before the rating moves, so each opponent is met at 1613 here.
    changes = [
        ELO.update(1613.0, opponent, outcome)[0] - 1613
        for opponent, outcome in [
            (1609.0, Outcome.B),
            (1477.0, Outcome.TIE),
            (1388.0, Outcome.A),
            (1586.0, Outcome.A),
            (1720.0, Outcome.B),
        ]
    ]
    assert round(1613 + sum(changes)) == 1601


def test_an_elo_state_of_other_arithmetic_is_replayed(database: Database) -> None:
    gentle = OnlineElo("gentle", 500.0, lambda a, b, outcome: (a + outcome.score, b + 1 - outcome.score))
    with database.write() as tx:
        fight(tx, outcome=Outcome.A)
        assert queries.refresh_elo_state(tx, gentle) == {"ash": EloState(501.0, 1), "birch": EloState(500.0, 1)}
        assert queries.refresh_elo_state(tx, ELO) == {"ash": EloState(1016.0, 1), "birch": EloState(984.0, 1)}
        cast = vote(tx, votable(tx), Outcome.B, elo=gentle)
        assert cast.a is not None
        assert cast.b is not None
        assert (cast.a.before, cast.a.after, cast.b.before, cast.b.after) == (501.0, 501.0, 500.0, 501.0)
        assert queries.elo_state(tx) == {"ash": EloState(501.0, 2), "birch": EloState(501.0, 2)}


def test_a_right_state_is_not_replayed(database: Database) -> None:
    def never(*_: object) -> tuple[float, float]:
        raise AssertionError("replayed")

    with database.write() as tx:
        fight(tx)
        state = queries.refresh_elo_state(tx, OnlineElo(ELO.name, ELO.start, never))
    assert state == {"ash": EloState(1016.0, 1), "birch": EloState(984.0, 1)}
