from arena.service.visitors.own_board import own_settings, rater, records
from db.outcome import Outcome
from db.queries import Cell
from elo.battles import Cells
from elo.board.leaderboard import rate
from elo.settings import Settings

CELLS = (
    Cell("ash", "birch", Outcome.A, 9),
    Cell("birch", "cedar", Outcome.B, 2),
    Cell("cedar", "ash", Outcome.TIE, 3),
    Cell("cedar", "ash", Outcome.BOTH_BAD, 1),
)


def test_ratings_are_those_of_the_official_board_on_the_same_votes() -> None:
    official = rate(Cells.from_counts(CELLS), Settings())
    own = rater(Settings())(CELLS).leaderboard
    assert own.rows == official.rows
    assert {row.model: row.interval for row in own.rows}["birch"] == "hessian", "a short record is marked"


def test_settings_that_one_visitors_votes_cannot_carry_are_left_out_and_the_others_kept() -> None:
    own = own_settings(Settings(prior=0.0, mean=1500.0, control=("length",), half_life_days=9.0, ties="davidson"))
    assert own == Settings(mean=1500.0, ties="davidson", cluster="none")
    assert own_settings(Settings(method="elo")) == Settings(cluster="none")
    anchored = own_settings(Settings(gauge="anchor", anchor=(("dogwood", 1200.0),), weights="draw"))
    assert len(rater(anchored)(CELLS).leaderboard.rows) == 3


def test_records_count_wins_losses_and_ties_from_each_side() -> None:
    found = {one.model: (one.n_won, one.n_lost, one.n_tied) for one in records(CELLS)}
    assert found == {"ash": (9, 0, 4), "cedar": (2, 0, 4), "birch": (0, 11, 0)}
    assert [one.model for one in records(CELLS)] == ["ash", "cedar", "birch"], "by points"
