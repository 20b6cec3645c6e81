import dataclasses
import json
import re
from typing import Any

import numpy as np
import pytest

from db.outcome import Outcome
from elo import Cells, Leaderboard, Settings, Votes, rate, rate_online
from elo.board.notes import notes
from tests.elo import reference
from tests.elo.board.test_table import COUNTS
from tests.elo.test_estimate import full_votes

LIVE = [*COUNTS[:3], ("new", "lark", Outcome.A, 7), ("lark", "new", Outcome.A, 5)]
PRIOR = "prior: 1 virtual tie of each model against an average opponent"
FIT = f"Bradley-Terry fit; ties and both-bad are half a win each; {PRIOR}"
SCALE = "mean 1000; 400 points are odds of 10 to 1"


def board_of(*counts: tuple[str, str, Outcome, int], **changes: Any) -> Leaderboard:
    return rate(Cells.from_counts(counts), Settings(**changes))


def test_the_official_board_says_how_it_was_made() -> None:
    board = rate(Cells.from_counts(COUNTS), Settings(bootstrap=100, seed=3), listed=["finch"])
    assert board.agreement is not None
    assert notes(board.sourced(revision=41, excluded={"withdrawn": 1, "banned": 2})) == [
        "36 votes, 3 models, ledger revision 41.",
        f"{FIT}; {SCALE}; 95 % intervals: percentile bootstrap, 100 rounds, seed 3.",
        f"Bootstrap intervals are {board.agreement:.2f} times as wide as the sandwich's (median of the models).",
        "* fewer than 3 points won or lost: a wide interval from the inverse Hessian.",
        "Left out: banned 2, withdrawn 1.",
        "Without votes: finch.",
    ]


def test_a_selection_of_the_votes_is_named() -> None:
    board = board_of(*LIVE, bootstrap=0)
    assert notes(board.sourced(kind="battle"))[0] == "46 votes, 3 models."
    told = notes(board.sourced(kind="quick", since="2026-01-01", until="2026-02-01"))[0]
    assert told == "46 votes, 3 models, kind quick, since 2026-01-01, until 2026-02-01."


def test_groups_are_a_warning() -> None:
    told = notes(board_of(*COUNTS, ("x", "y", Outcome.TIE, 3), bootstrap=10))
    warning = "The models form 2 groups with no battles between them: ratings can be compared within a group only."
    assert warning in told
    for changes in ({"ties": "ignore"}, {"both_bad": "ignore"}):
        told = notes(board_of(*COUNTS, ("x", "y", Outcome.A, 3), bootstrap=10, **changes))
        assert warning.replace("no battles", "no rated battles") in told


def test_a_model_of_ties_has_its_parameter_in_a_sentence() -> None:
    data = reference.load("food")
    assert notes(rate(data.cells, Settings(ties="davidson", prior=0)))[2].startswith("Davidson's nu is 0.157 (0.0")
    told = notes(rate(data.cells, Settings(ties="rao-kupper", prior=0)))
    assert told[2].startswith("Rao-Kupper's theta is 1.170 (1.0")
    none = notes(board_of(("a", "b", Outcome.A, 5), ("b", "a", Outcome.A, 4), ties="davidson"))
    assert none[2] == "No rated vote is a tie, so Davidson's model has no nu to estimate."


@pytest.mark.parametrize("ties", ["davidson", "rao-kupper"])
@pytest.mark.parametrize("level", [0.95, 0.9999])
def test_a_bound_beyond_any_number_is_written_as_inf(ties: Any, level: float) -> None:
    """Two voters: 12.7 standard errors at level 0.95, thousands at 0.9999."""
    rows = [("x", "y", Outcome.A), ("y", "x", Outcome.A), ("x", "z", Outcome.TIE), ("y", "z", Outcome.B)] * 5
    votes = dataclasses.replace(Votes.from_rows(rows), voter=np.arange(20) % 2, voters=("p", "q"))
    board = rate(votes, Settings(ties=ties, cluster="voter", level=level, bootstrap=0))
    json.dumps(board.to_json(), allow_nan=False)
    assert re.search(r"(nu|theta) is \d\.\d{3} \([01]\.\d{3} to (inf|\d+\.\d{3})\)", notes(board)[2])


def test_weights_say_whether_they_matter() -> None:
    quiet = "Without weights no rating would be outside its interval."
    assert notes(board_of(*LIVE, weights="pair"))[2] == quiet
    assert notes(rate(full_votes(), Settings(weights="draw", half_life_days=30, cluster="none")))[2] == quiet
    rows = [("a", "b", Outcome.A, 4000), ("b", "a", Outcome.A, 2000), ("c", "a", Outcome.A, 150)]
    rows += [("b", "c", Outcome.A, 100), ("c", "b", Outcome.A, 50), ("a", "c", Outcome.A, 50)]
    told = notes(board_of(*rows, weights="pair"))
    assert told[2] == "Some ratings without weights are outside their intervals: see the column unweighted."


def test_coefficients_have_their_unit() -> None:
    votes = full_votes()
    features = dict(votes.features or {})
    features["tokens"] = np.where(np.arange(600)[:, None] < 9, np.nan, features["tokens"])
    features |= {"headers": np.ones((600, 2)), "lists": np.ones((600, 2)), "bold": features["seconds"] // 2}
    votes = dataclasses.replace(votes, features=features)
    board = rate(votes, Settings(control=("length", "style", "side"), ridge=0.5, cluster="none"))
    assert board.fit is not None
    told = notes(board)
    shown = ", ".join(f"{one.name} {one.value:.3f} ({one.low:.3f} to {one.high:.3f})" for one in board.fit.coefficients)
    assert told[2] == f"Log-odds per standard deviation of the difference (side: for side A): {shown}."
    assert told[3] == "No coefficient, because they are the same in every battle: headers, lists."
    assert told[4] == "Left out of the fit, because such a number is missing: 9 votes."


def test_every_kind_of_interval_is_named() -> None:
    assert notes(board_of(*LIVE, interval="sandwich"))[1].endswith("; 95 % intervals: sandwich.")
    assert notes(board_of(*LIVE, ties="davidson"))[1].endswith("; 95 % intervals: sandwich.")
    cells = [*COUNTS[:3], ("new", "lark", Outcome.TIE, 1)]
    told = notes(board_of(*cells, prior=0, bootstrap=100))
    assert "A bootstrap round has no finite ratings without a prior, so the intervals are the sandwich's." in told
    one_tie = [("a", "b", Outcome.A, 9), ("b", "a", Outcome.A, 9), ("a", "b", Outcome.TIE, 1)]
    told = notes(board_of(*one_tie, ties="davidson", interval="bootstrap", bootstrap=50))
    assert "A bootstrap round has no finite ratings, so the intervals are the sandwich's." in told
    assert notes(board_of(*LIVE, bootstrap=0))[1].endswith("; no intervals.")


def test_clusters_are_counted() -> None:
    votes: Votes = full_votes()
    board = rate(votes, Settings())
    told = notes(board)
    assert told[1].endswith("; 95 % intervals: jackknife by prepared pair.")
    reach = f"The intervals reach {board.reach:.2f} standard errors to either side"
    assert f"{reach}, from {board.n_clusters} clusters of votes." in told
    told = notes(rate(votes, Settings(cluster="voter")))
    assert told[1].endswith("; 95 % intervals: jackknife by voter.")
    assert "The intervals reach 2.20 standard errors to either side, from 12 clusters of votes." in told


def test_short_records_of_clusters_say_how_they_count() -> None:
    rows = [("a", "b", Outcome.A)] * 20 + [("b", "c", Outcome.A)] * 9 + [("c", "b", Outcome.A)] * 9
    votes = dataclasses.replace(
        Votes.from_rows(rows),
        voter=np.r_[np.zeros(20), np.arange(18)].astype(np.int64),
        voters=tuple("abcdefghijklmnopqr"),
    )
    told = notes(rate(votes, Settings(cluster="voter")))
    assert told[-1] == (
        "* fewer than 3 points won or lost, counting the votes of a cluster on a pair once: "
        "a wide interval from the inverse Hessian."
    )


def test_short_records_of_ties_and_of_weights_say_what_they_lack() -> None:
    """Ten ties are five points each way, and no battle that was decided."""
    rows = [("x", "y", Outcome.A)] * 14 + [("x", "y", Outcome.B)] * 12 + [("y", "z", Outcome.TIE)] * 10
    board = rate(Votes.from_rows(rows), Settings(bootstrap=10))
    assert [row.model for row in board.rows if row.interval == "hessian"] == ["z"]
    lacks = "* fewer than 3 points won or lost, or decided battles"
    assert notes(board)[-1] == f"{lacks}: a wide interval from the inverse Hessian."
    old = dataclasses.replace(Votes.from_rows(rows), time_s=86_400.0 * np.arange(36, dtype=np.float64))
    told = notes(rate(old, Settings(half_life_days=0.5)))
    assert told[-1] == f"{lacks}, by their weights: a wide interval from the inverse Hessian."


def test_intervals_for_all_at_once_say_how_far_they_reach() -> None:
    board = rate(reference.load("llmfao_crowd").cells, Settings(simultaneous=True))
    assert board.reach is not None
    assert 3 < board.reach < 3.6
    assert f"The intervals reach {board.reach:.2f} standard errors to either side." in notes(board)


def test_an_anchor_says_what_the_intervals_are_of() -> None:
    told = notes(board_of(*LIVE, gauge="anchor", anchor=("wren=1200",)))
    assert told[-1] == "The intervals are those of the distance to the anchor, whose rating is given."


def test_online_elo_names_its_k() -> None:
    told = notes(rate_online([("a", "b", Outcome.A)], Settings(method="elo", k=8)))
    assert told == [
        "1 vote, 2 models.",
        "Online Elo in the order of the votes, K = 8, start 1000; 400 points are odds of 10 to 1; no intervals.",
    ]
