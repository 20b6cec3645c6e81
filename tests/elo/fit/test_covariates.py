import math
from typing import Any

import numpy as np
import pytest

from elo.battles import Floats, MissingDataError, Votes
from elo.fit.covariates import covariates


def votes_of(n_votes: int = 3, **features: Any) -> Votes:
    columns: dict[str, Floats] = {name: np.array(values, dtype=float) for name, values in features.items()}
    a = np.zeros(n_votes, dtype=int)
    return Votes(("x", "y"), a, a + 1, a, features=columns or None)


def test_a_covariate_is_the_difference_over_the_sum() -> None:
    found = covariates(votes_of(tokens=[[20, 10], [200, 100], [0, 0]]), ["length"])
    assert found.names == ("tokens",)
    assert found.columns[0].tolist() == [10 / 31, 100 / 301, 0]
    assert found.is_known.all()


def test_seconds_have_no_unit() -> None:
    (here,), (there,) = (
        covariates(votes_of(seconds=np.array([[2, 1], [0.5, 0.0], [0, 0]]) * unit), ["speed"]).columns
        for unit in (1, 1000)
    )
    assert here.tolist() == [1 / 3, 1, 0]
    assert there == pytest.approx(here, abs=1e-15)


def test_columns_are_in_the_order_of_control() -> None:
    same = [[1, 2]] * 3
    votes = votes_of(bold=same, seconds=same, lists=same, headers=same, tokens=same)
    found = covariates(votes, ["side", "length", "style", "speed"])
    assert found.names == ("side", "tokens", "headers", "lists", "bold", "seconds")
    assert found.columns[0].tolist() == [1, 1, 1]


def test_no_control_is_no_column() -> None:
    found = covariates(votes_of(), [])
    assert (found.names, found.columns, found.is_known.tolist()) == ((), (), [True] * 3)


def test_characters_serve_where_tokens_are_not_counted() -> None:
    assert covariates(votes_of(characters=[[1, 2]] * 3), ["length"]).names == ("characters",)
    assert covariates(votes_of(characters=[[1, 2]] * 3, tokens=[[1, 2]] * 3), ["length"]).names == ("tokens",)


@pytest.mark.parametrize("unknown", [math.nan, math.inf])
def test_a_battle_is_known_where_all_is_known_of_both_answers(unknown: float) -> None:
    votes = votes_of(tokens=[[1, 2], [1, unknown], [1, 2]], seconds=[[unknown, 2], [1, 2], [1, 2]])
    assert covariates(votes, ["length"]).is_known.tolist() == [True, False, True]
    assert covariates(votes, ["length", "speed"]).is_known.tolist() == [False, False, True]
    assert covariates(votes, ["side"]).is_known.all()


@pytest.mark.parametrize(
    ("control", "features", "message"),
    [
        (
            "length",
            {},
            "^control 'length' needs tokens or characters of the answers, and the votes have none of them$",
        ),
        ("style", {"headers": 2, "tokens": 2}, "^control 'style' needs headers, lists, bold .* have headers, tokens$"),
        ("speed", {"tokens": 2}, "^control 'speed' needs seconds of the answers, and the votes have tokens$"),
        (
            "length",
            {"tokens": math.nan},
            "^control needs tokens of both answers, and no vote has them all; leave",
        ),
    ],
)
def test_a_control_without_its_features_is_refused(control: Any, features: Any, message: str) -> None:
    votes = votes_of(9, **{name: np.full((9, 2), float(value)) for name, value in features.items()})
    with pytest.raises(MissingDataError, match=message):
        covariates(votes, [control])


def test_a_feature_below_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match=r"^vote 2: seconds \[1.0, -3.0\]; expected numbers from 0$"):
        covariates(votes_of(seconds=[[1, 2], [1, -3], [1, 2]]), ["speed"])
