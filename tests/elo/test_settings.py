import dataclasses
from typing import Any

import pytest

from elo import Settings


def test_defaults_are_the_official_board() -> None:
    assert Settings().to_json() == {
        "method": "bradley-terry",
        "prior": 1.0,
        "bootstrap": 1000,
        "seed": 0,
        "interval": "auto",
        "base": 10.0,
        "scale": 400.0,
        "k": 32.0,
        "start": 1000.0,
        "mean": 1000.0,
        "level": 0.95,
    }


def test_whole_numbers_become_floats_so_that_equal_settings_print_alike() -> None:
    assert Settings(prior=0, k=16) == Settings(prior=0.0, k=16.0)
    assert repr(Settings(prior=0).prior) == "0.0"


def test_points_per_logit_of_the_elo_scale() -> None:
    assert Settings().points_per_logit == pytest.approx(173.7178, abs=1e-4)


def test_settings_cannot_be_changed() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        Settings().k = 16  # type: ignore[misc]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"method": "glicko"}, "method 'glicko' is not one of bradley-terry, elo"),
        ({"interval": "wald"}, "interval 'wald' is not one of auto, bootstrap, sandwich"),
        ({"prior": -1}, "prior -1.0 is not 0 or more virtual ties"),
        ({"prior": float("nan")}, "prior nan is not a finite number"),
        ({"prior": "1"}, "prior '1' is not a finite number"),
        ({"prior": True}, "prior True is not a finite number"),
        ({"bootstrap": -1}, "bootstrap -1 is not 0 to 1000000 rounds"),
        ({"bootstrap": 1_000_001}, "bootstrap 1000001 is not 0 to 1000000 rounds"),
        ({"bootstrap": 10.0}, "bootstrap 10.0 is not a whole number"),
        ({"seed": -1}, "seed -1 is not a whole number from 0 to 2\\*\\*64 - 1"),
        ({"seed": 2**64}, "is not a whole number from 0"),
        ({"base": 1}, "base 1.0 is not above 1"),
        ({"scale": 0}, "scale 0.0 is not above 0"),
        ({"k": 0}, "k 0.0 is not above 0"),
        ({"mean": float("inf")}, "mean inf is not a finite number"),
        ({"level": 1}, "level 1.0 is not between 0 and 1"),
    ],
)
def test_a_senseless_setting_is_named(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Settings(**changes)
