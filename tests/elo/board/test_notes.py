import dataclasses
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


RANKS = (
    "Each interval contains its model's true rating with 95 % probability. A rank such as 1-2 lists every place that "
    "the model may have; all ranks together are right with 95 % probability."
)


def test_the_official_board_says_how_it_was_made() -> None:
    board = rate(Cells.from_counts(COUNTS), Settings(bootstrap=100, seed=3), listed=["finch"])
    assert notes(board.sourced(revision=41, excluded={"withdrawn": 1, "banned": 2})) == [
        f"36 votes, 3 models, ledger revision 41: {FIT}; {SCALE}; 95 % intervals: percentile bootstrap, 100 rounds, "
        "seed 3.",
        RANKS.replace(
            ". A rank", " (* approximately, by the inverse Hessian: fewer than 3 points won or lost). A rank"
        ),
        "Without 2 of the 36 votes, wren would be first.",
        "Left out: banned 2, withdrawn 1.",
        "Without votes: finch.",
    ]


@pytest.mark.parametrize("name", reference.NAMES)
@pytest.mark.parametrize(
    "settings",
    [
        Settings(bootstrap=100),
        Settings(interval="sandwich", weights="pair"),
        Settings(ties="davidson", simultaneous=True, both_bad="ignore"),
        Settings(gauge="anchor", anchor=(("vicuna-13b", 1000.0),)),
    ],
)
def test_nothing_but_three_sentences_is_under_a_board_whose_models_all_met(name: str, settings: Settings) -> None:
    """There were up to seven: how wide other intervals would be, how far these reach, what weights changed."""
    cells = reference.load(name).cells
    if settings.anchor:
        settings = dataclasses.replace(settings, anchor=((cells.models[0], 1000.0),))
    assert len(notes(rate(cells, settings))) <= 3


def test_a_selection_of_the_votes_is_named() -> None:
    board = board_of(*LIVE, bootstrap=0)
    assert notes(board.sourced(kind="battle"))[0].startswith("46 votes, 3 models: Bradley-Terry fit; ")
    told = notes(board.sourced(kind="quick", since="2026-01-01", until="2026-02-01"))[0]
    assert told.startswith("46 votes, 3 models, kind quick, since 2026-01-01, until 2026-02-01: Bradley-Terry fit; ")


def test_groups_are_a_warning() -> None:
    told = notes(board_of(*COUNTS, ("x", "y", Outcome.TIE, 3), bootstrap=10))
    warning = "The models form 2 groups with no battles between them. Compare ratings only within a group."
    assert warning in told
    for changes in ({"ties": "ignore"}, {"both_bad": "ignore"}):
        told = notes(board_of(*COUNTS, ("x", "y", Outcome.A, 3), bootstrap=10, **changes))
        assert warning.replace("no battles", "no rated battles") in told


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
    assert (
        f"Coefficients, in log-odds per standard deviation of the difference (side: for side A): {shown}. None for "
        "headers, lists, the same in every battle. The fit leaves out 9 votes without these numbers."
    ) in told


def test_the_first_place_of_several_groups_is_that_of_the_largest() -> None:
    told = notes(board_of(*LIVE, ("x", "y", Outcome.TIE, 3), bootstrap=10))
    assert told[2].startswith("Without ")
    assert told[2].endswith(" would be first in group 1.")
    even = [("a", "b", Outcome.A, 5), ("a", "b", Outcome.B, 5)]
    assert "Without 1 of the 10 votes, b would be first." in notes(board_of(*even, bootstrap=10))


def test_the_kind_of_interval_is_named() -> None:
    for settings in ({"interval": "sandwich"}, {"ties": "davidson"}, {"weights": "pair"}):
        assert notes(board_of(*LIVE, **settings))[0].endswith("; 95 % intervals: sandwich.")
    instead = "; 95 % intervals: sandwich, because some bootstrap rounds have no finite ratings"
    assert instead in notes(board_of(*COUNTS[:3], ("new", "lark", Outcome.TIE, 1), prior=0, bootstrap=100))[0]
    one_tie = [("a", "b", Outcome.A, 9), ("b", "a", Outcome.A, 9), ("a", "b", Outcome.TIE, 1)]
    assert instead in notes(board_of(*one_tie, ties="davidson", interval="bootstrap", bootstrap=50))[0]
    assert notes(board_of(*LIVE, bootstrap=0))[0].endswith("; no intervals.")
    assert "; 95 % intervals: jackknife by prepared pair" in notes(rate(full_votes(), Settings()))[0]
    assert "; 95 % intervals: jackknife by voter" in notes(rate(full_votes(), Settings(cluster="voter")))[0]


def test_short_records_of_clusters_say_how_they_count() -> None:
    rows = [("a", "b", Outcome.A)] * 20 + [("b", "c", Outcome.A)] * 9 + [("c", "b", Outcome.A)] * 9
    votes = dataclasses.replace(
        Votes.from_rows(rows),
        voter=np.r_[np.zeros(20), np.arange(18)].astype(np.int64),
        voters=tuple("abcdefghijklmnopqr"),
    )
    told = notes(rate(votes, Settings(cluster="voter")))
    assert (
        " (* approximately, by the inverse Hessian: fewer than 3 points won or lost, where the votes of a cluster on "
        "one pair count once)."
    ) in told[1]


def test_short_records_of_ties_and_of_weights_say_what_they_lack() -> None:
    """Ten ties are five points each way, and no battle that was decided."""
    rows = [("x", "y", Outcome.A)] * 14 + [("x", "y", Outcome.B)] * 12 + [("y", "z", Outcome.TIE)] * 10
    board = rate(Votes.from_rows(rows), Settings(bootstrap=10))
    assert [row.model for row in board.rows if row.interval == "hessian"] == ["z"]
    lacks = " (* approximately, by the inverse Hessian: fewer than 3 points won or lost, or decided battles"
    assert f"{lacks})." in notes(board)[1]
    old = dataclasses.replace(Votes.from_rows(rows), time_s=86_400.0 * np.arange(36, dtype=np.float64))
    told = notes(rate(old, Settings(half_life_days=0.5)))
    assert f"{lacks}, by weight)." in told[1]


def test_online_elo_names_its_k() -> None:
    told = notes(rate_online([("a", "b", Outcome.A)], Settings(method="elo", k=8)))
    assert told == [
        "1 vote, 2 models: online Elo in the order of the votes, K = 8, start 1000; 400 points are odds of 10 to 1; "
        "no intervals.",
        "Without intervals, ranks follow the ratings alone, and may be due to chance.",
    ]
