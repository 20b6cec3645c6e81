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
CURVE = "400 points are odds of 10 to 1."
PRIOR = "prior: 1 virtual tie against an average opponent"


def board_of(*counts: tuple[str, str, Outcome, int], **changes: Any) -> Leaderboard:
    return rate(Cells.from_counts(counts), Settings(**changes))


def test_the_official_board_says_how_it_was_made() -> None:
    board = rate(Cells.from_counts(COUNTS), Settings(bootstrap=100, seed=3), listed=["finch"])
    assert board.agreement is not None
    assert notes(board.sourced(revision=41, excluded={"withdrawn": 1, "banned": 2})) == [
        "36 votes, 3 models, ledger revision 41.",
        f"Bradley-Terry; ties and both-bad are half a win each; {PRIOR}; mean 1000; {CURVE}",
        "Intervals: percentile bootstrap, 100 rounds, seed 3, "
        f"{board.agreement:.2f} times as wide as the sandwich's (median).",
        "* fewer than 3 points won or lost: a wide interval from the inverse Hessian.",
        "Left out: banned 2, withdrawn 1.",
        "Without votes: finch.",
    ]


def test_a_cut_of_the_votes_is_told() -> None:
    board = board_of(*LIVE, bootstrap=0)
    assert notes(board.sourced(kind="battle"))[0] == "46 votes, 3 models."
    told = notes(board.sourced(kind="quick", since="2026-01-01", until="2026-02-01"))[0]
    assert told == "46 votes, 3 models, kind quick, since 2026-01-01, until 2026-02-01."


def test_groups_are_a_warning() -> None:
    told = notes(board_of(*COUNTS, ("x", "y", Outcome.TIE, 3), bootstrap=10))
    assert "Ratings can be compared within a group only: no path of battles leads from one group to another." in told
    for changes in ({"ties": "ignore"}, {"both_bad": "ignore"}):
        told = notes(board_of(*COUNTS, ("x", "y", Outcome.A, 3), bootstrap=10, **changes))
        assert any("no path of battles in the fit leads from one group to another." in line for line in told)


@pytest.mark.parametrize(
    ("changes", "method"),
    [
        (
            {"prior": 0},
            f"ties and both-bad are half a win each; no prior: exact maximum likelihood; mean 1000; {CURVE}",
        ),
        ({"prior": 2}, "half a win each; prior: 2 virtual ties against an average opponent; mean 1000"),
        ({"ties": "ignore"}, f"Bradley-Terry; ties and both-bad are left out of the fit; {PRIOR}"),
        ({"both_bad": "ignore"}, "Bradley-Terry; ties are half a win each, both-bad is left out of the fit; prior"),
        ({"gauge": "battles"}, f"{PRIOR}; mean by battles 1000; {CURVE}"),
        ({"gauge": "anchor", "anchor": ("wren=1200",)}, f"{PRIOR}; anchor wren = 1200; {CURVE}"),
        (
            {"gauge": "anchor", "anchor": ("wren=1200", "new=900.5")},
            "anchors, by their mean: wren = 1200, new = 900.5;",
        ),
    ],
)
def test_the_model_is_told(changes: dict[str, Any], method: str) -> None:
    assert method in notes(board_of(*LIVE, bootstrap=0, **changes))[1]


def test_a_model_of_ties_tells_its_parameter() -> None:
    data = reference.load("food")
    told = notes(rate(data.cells, Settings(ties="davidson", prior=0)))
    assert "ties and both-bad are an outcome of their own (Davidson, nu = 0.157, 0.0" in told[1]
    assert "(Rao-Kupper, theta = 1.170, 1.0" in notes(rate(data.cells, Settings(ties="rao-kupper", prior=0)))[1]
    told = notes(rate(data.cells, Settings(ties="davidson", prior=0, both_bad="ignore")))
    assert "; ties are an outcome of their own (Davidson, nu = 0.157, 0.0" in told[1]
    assert "), both-bad is left out of the fit; " in told[1]
    none = notes(board_of(("a", "b", Outcome.A, 5), ("b", "a", Outcome.A, 4), ties="davidson"))
    assert "ties and both-bad as an outcome of their own (Davidson), of which there is none;" in none[1]


@pytest.mark.parametrize("ties", ["davidson", "rao-kupper"])
@pytest.mark.parametrize("level", [0.95, 0.9999])
def test_a_bound_beyond_any_number_is_told(ties: Any, level: float) -> None:
    """Two voters: 12.7 standard errors at level 0.95, thousands at 0.9999."""
    rows = [("x", "y", Outcome.A), ("y", "x", Outcome.A), ("x", "z", Outcome.TIE), ("y", "z", Outcome.B)] * 5
    votes = dataclasses.replace(Votes.from_rows(rows), voter=np.arange(20) % 2, voters=("p", "q"))
    board = rate(votes, Settings(ties=ties, cluster="voter", level=level, bootstrap=0))
    json.dumps(board.to_json(), allow_nan=False)
    assert re.search(r"(nu|theta) = \d\.\d{3}, [01]\.\d{3} to (inf|\d+\.\d{3})\)", notes(board)[1])


def test_weights_are_told_and_whether_they_matter() -> None:
    quiet = "Without weights no rating would lie outside its interval."
    told = notes(board_of(*LIVE, weights="pair"))
    assert told[2] == f"Weights: a vote weighs 1 / max(votes of its pair, 50), scaled to a mean of 1. {quiet}"
    votes = full_votes()
    told = notes(rate(votes, Settings(weights="draw", half_life_days=30, cluster="none")))
    assert told[2] == (
        "Weights: a vote weighs 1 / the chance that its pair was drawn, scaled to a mean of 1; "
        f"a vote loses half its weight in 30 days, counted from the newest. {quiet}"
    )
    rows = [("a", "b", Outcome.A, 4000), ("b", "a", Outcome.A, 2000), ("c", "a", Outcome.A, 150)]
    rows += [("b", "c", Outcome.A, 100), ("c", "b", Outcome.A, 50), ("a", "c", Outcome.A, 50)]
    told = notes(board_of(*rows, weights="pair"))
    assert told[2].endswith("Some ratings without weights lie outside the intervals: see the column unweighted.")


def test_coefficients_are_told_with_their_unit() -> None:
    votes = full_votes()
    features = dict(votes.features or {})
    features["tokens"] = np.where(np.arange(600)[:, None] < 9, np.nan, features["tokens"])
    features |= {"headers": np.ones((600, 2)), "lists": np.ones((600, 2)), "bold": features["seconds"] // 2}
    votes = dataclasses.replace(votes, features=features)
    board = rate(votes, Settings(control=("length", "style", "side"), ridge=0.5, cluster="none"))
    assert board.fit is not None
    told = notes(board)
    shown = ", ".join(f"{one.name} {one.value:.3f} ({one.low:.3f} to {one.high:.3f})" for one in board.fit.coefficients)
    assert told[2] == (
        "Ratings are for equal length, style, side, ridge 0.5. Log-odds per standard deviation of the difference "
        f"(side: for side A): {shown}."
    )
    assert told[3] == "The same in every battle, so without a coefficient: headers, lists."
    assert told[4] == "Votes left out of the fit because such a number of theirs is not known: 9."


def test_every_kind_of_interval_is_named() -> None:
    assert "Intervals: sandwich." in notes(board_of(*LIVE, interval="sandwich"))
    assert "Intervals: sandwich." in notes(board_of(*LIVE, ties="davidson"))
    cells = [*COUNTS[:3], ("new", "lark", Outcome.TIE, 1)]
    why = "Intervals: sandwich, because a round of the bootstrap has no finite ratings"
    assert f"{why} without a prior." in notes(board_of(*cells, prior=0, bootstrap=100))
    one_tie = [("a", "b", Outcome.A, 9), ("b", "a", Outcome.A, 9), ("a", "b", Outcome.TIE, 1)]
    assert f"{why}." in notes(board_of(*one_tie, ties="davidson", interval="bootstrap", bootstrap=50))
    assert not [line for line in notes(board_of(*LIVE, bootstrap=0)) if "Intervals" in line]


def test_clusters_are_counted() -> None:
    votes: Votes = full_votes()
    board = rate(votes, Settings())
    reach = f"{board.reach:.2f} standard errors to either side"
    assert f"Intervals: jackknife by prepared pair, {board.n_clusters} clusters of votes, {reach}." in notes(board)
    told = notes(rate(votes, Settings(cluster="voter")))
    assert "Intervals: jackknife by voter, 12 clusters of votes, 2.20 standard errors to either side." in told
    told = notes(rate(votes, Settings(cluster="voter", simultaneous=True)))
    assert "Intervals: jackknife by voter, 12 clusters of votes." in told


def test_short_records_of_clusters_say_how_they_count() -> None:
    rows = [("a", "b", Outcome.A)] * 20 + [("b", "c", Outcome.A)] * 9 + [("c", "b", Outcome.A)] * 9
    votes = dataclasses.replace(
        Votes.from_rows(rows),
        voter=np.r_[np.zeros(20), np.arange(18)].astype(np.int64),
        voters=tuple("abcdefghijklmnopqr"),
    )
    told = notes(rate(votes, Settings(cluster="voter")))
    assert told[-1] == (
        "* fewer than 3 points won or lost, the votes of a cluster on a pair counting once: "
        "a wide interval from the inverse Hessian."
    )


def test_short_records_of_ties_and_of_weights_say_what_they_lack() -> None:
    """Ten ties are five points each way, and no battle that was decided."""
    rows = [("x", "y", Outcome.A)] * 14 + [("x", "y", Outcome.B)] * 12 + [("y", "z", Outcome.TIE)] * 10
    board = rate(Votes.from_rows(rows), Settings(bootstrap=10))
    assert [row.model for row in board.rows if row.interval == "hessian"] == ["z"]
    lacks = "* fewer than 3 points won or lost, or battles that were no tie"
    assert notes(board)[-1] == f"{lacks}: a wide interval from the inverse Hessian."
    old = dataclasses.replace(Votes.from_rows(rows), time_s=86_400.0 * np.arange(36, dtype=np.float64))
    told = notes(rate(old, Settings(half_life_days=0.5)))
    assert told[-1] == f"{lacks}, by their weights: a wide interval from the inverse Hessian."


def test_intervals_for_all_at_once_say_how_far_they_reach() -> None:
    board = rate(reference.load("llmfao_crowd").cells, Settings(simultaneous=True))
    assert board.reach is not None
    assert 3 < board.reach < 3.6
    assert f"They hold for all models at once: {board.reach:.2f} standard errors to either side." in notes(board)


def test_an_anchor_tells_what_the_intervals_are_of() -> None:
    told = notes(board_of(*LIVE, gauge="anchor", anchor=("wren=1200",)))
    assert told[-1] == "Intervals are of the distance to the anchor, whose own place is given."


def test_online_elo_names_its_k() -> None:
    told = notes(rate_online([("a", "b", Outcome.A)], Settings(method="elo", k=8)))
    assert told == ["1 votes, 2 models.", f"Online Elo in the order of the votes: K = 8, start 1000; {CURVE}"]
