"""The board as of each day, from votes with times."""

import numpy as np

from db.outcome import Outcome
from elo.battles import Cells, Votes
from elo.board.leaderboard import rate
from elo.board.over_time import days_of, history_settings, rated_days
from elo.settings import Settings

DAY = 86_400.0


def test_each_day_has_the_votes_up_to_its_end_and_equals_their_board() -> None:
    rows = [("wren", "moss", Outcome.A), ("moss", "wren", Outcome.A), ("wren", "ash", Outcome.B)]
    times = np.array([5 * DAY + 1, 3 * DAY, np.nan])
    a, b, outcome = np.array([(0, 1, 0), (1, 0, 0), (0, 2, 1)]).T
    votes = Votes(("wren", "moss", "ash"), a, b, outcome, time_s=times)
    first, second = days_of(votes)
    assert (first.ends_at, first.cells.n_votes, second.ends_at, second.cells.n_votes) == (4 * DAY, 1, 6 * DAY, 2)
    found = rated_days((first, second), Settings())
    assert set(found) == {"wren", "moss"}, "a vote without a time is on no day"
    alone = rate(Cells.from_votes(Votes.from_rows(rows[1:2])), history_settings(Settings())).rows[0]
    assert (found["moss"][0].rating, found["moss"][0].low) == (alone.rating, alone.low)
    assert days_of(Votes.from_rows(rows)) == ()
