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
        "ties": "half",
        "both_bad": "tie",
        "cluster": "auto",
        "gauge": "mean",
        "anchor": {},
        "weights": "none",
        "half_life_days": None,
        "simultaneous": False,
        "control": [],
        "ridge": 0.0,
    }
    assert not Settings().needs_votes


def test_anchors_are_texts_or_pairs_and_controls_have_one_order() -> None:
    settings = Settings(gauge="anchor", anchor=("a=b=1200", ("c", 900)), control=("side", "length"))  # type: ignore[arg-type]
    assert settings.anchor == (("a=b", 1200.0), ("c", 900.0))
    assert settings.control == ("length", "side")
    assert settings.to_json()["anchor"] == {"a=b": 1200.0, "c": 900.0}
    assert Settings(gauge="anchor", anchor=["c=900"]) == Settings(gauge="anchor", anchor=(("c", 900.0),))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "changes",
    [
        {"method": "elo"},
        {"weights": "draw"},
        {"half_life_days": 30},
        {"control": ("side",)},
        {"cluster": "pair"},
        {"cluster": "voter"},
        {"cluster": "day"},
        {"control": ("column:n_turns",)},
    ],
)
def test_what_counts_cannot_tell_needs_the_votes(changes: dict[str, Any]) -> None:
    assert Settings(**changes).needs_votes


def test_counts_are_enough_for_the_other_settings() -> None:
    assert not Settings(weights="pair", ties="davidson", gauge="battles", cluster="none", simultaneous=True).needs_votes


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
        ({"prior": -1}, "prior -1.0 is not 0, or 1e-09 virtual ties or more"),
        ({"prior": float("nan")}, "prior nan is not a finite number"),
        ({"prior": "1"}, "prior '1' is not a finite number"),
        ({"prior": True}, "prior True is not a finite number"),
        ({"bootstrap": -1}, "bootstrap -1 is not 0 to 1,000,000 rounds"),
        ({"bootstrap": 1_000_001}, "bootstrap 1000001 is not 0 to 1,000,000 rounds"),
        ({"bootstrap": 10.0}, "bootstrap 10.0 is not a whole number"),
        ({"ties": "drop"}, "ties 'drop' is not one of half, rao-kupper, davidson, ignore"),
        ({"both_bad": "half"}, "both_bad 'half' is not one of tie, ignore"),
        ({"cluster": ""}, "cluster '' is not one of auto, none, pair, voter, or a column such as 'column:prompt'"),
        ({"cluster": "column:"}, "cluster 'column:' is not one of"),
        ({"gauge": "median"}, "gauge 'median' is not one of mean, battles, anchor"),
        ({"gauge": "anchor"}, "gauge 'anchor' needs a model with its rating in anchor, such as gpt-4=1200"),
        ({"anchor": ("a=1",)}, "anchor needs gauge 'anchor', and gauge is 'mean'"),
        ({"gauge": "anchor", "anchor": "a=1"}, "anchor 'a=1' is not a list, such as \\['a=1'\\]"),
        ({"gauge": "anchor", "anchor": ("a",)}, "anchor 'a' is not a model with its rating, such as gpt-4=1200"),
        ({"gauge": "anchor", "anchor": ("=3",)}, "anchor '=3' is not a model with its rating"),
        ({"gauge": "anchor", "anchor": ("a=nan",)}, "anchor 'a=nan' is not a model with its rating"),
        ({"gauge": "anchor", "anchor": (("a", 1, 2),)}, "is not a model with its rating"),
        ({"gauge": "anchor", "anchor": ((1, 2),)}, "is not a model with its rating"),
        ({"gauge": "anchor", "anchor": ("a=1", ("a", 2))}, "anchor 'a' is given twice"),
        ({"weights": "age"}, "weights 'age' is not one of none, pair, draw"),
        ({"half_life_days": 0}, "half_life_days 0.0 is not above 0"),
        ({"half_life_days": "7"}, "half_life_days '7' is not a finite number"),
        ({"simultaneous": 1}, "simultaneous 1 is not true or false"),
        ({"control": "side"}, "control 'side' is not a list, such as \\['side'\\]"),
        (
            {"control": ("mood",)},
            "'mood' is not one of length, style, side, speed, or a column of numbers such as 'column:n_",
        ),
        ({"control": ("column:",)}, "control 'column:' is not one of"),
        ({"control": ("side",), "ridge": -1}, "ridge -1.0 is not 0 or more"),
        ({"ridge": 1}, "ridge is for the coefficients of control, and control is empty"),
        ({"prior": 1e-10}, "prior 1e-10 is not 0, or 1e-09 virtual ties or more"),
        (
            {"interval": "bootstrap", "weights": "pair", "cluster": "voter"},
            "interval 'bootstrap' cannot be combined with weights 'pair', cluster 'voter'; use auto or sandwich",
        ),
        ({"seed": -1}, "seed -1 is not a whole number from 0 to 2\\*\\*64 - 1"),
        ({"seed": 2**64}, "is not a whole number from 0"),
        ({"base": 1}, "base 1.0 is not above 1"),
        ({"scale": 0}, "scale 0.0 is not above 0"),
        ({"k": 0}, "k 0.0 is not above 0"),
        ({"mean": float("inf")}, "mean inf is not a finite number"),
        ({"mean": 10**400}, "is not a finite number"),
        ({"gauge": "anchor", "anchor": (("a", 10**400),)}, "is not a model with its rating"),
        ({"level": 1}, "level 1.0 is not between 0 and 1"),
        ({"level": 1 - 1e-16}, "level 0.9999999999999999 is not between 0 and 1, at least 1e-09 from both"),
        ({"level": 1e-17}, "level 1e-17 is not between 0 and 1, at least 1e-09 from both"),
        (
            {"method": "elo", "ties": "ignore", "both_bad": "ignore", "gauge": "battles", "control": ("side",)},
            r"method 'elo' cannot be combined with ties 'ignore', both_bad 'ignore', gauge 'battles', control",
        ),
        ({"method": "elo", "interval": "sandwich", "simultaneous": True}, "interval 'sandwich', simultaneous True; "),
    ],
)
def test_a_senseless_setting_is_named(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Settings(**changes)


def test_only_plain_votes_are_resampled_unless_one_insists() -> None:
    assert Settings().resamples
    assert Settings(ties="ignore", cluster="none", gauge="battles").resamples
    assert Settings(ties="davidson", interval="bootstrap").resamples
    others: list[dict[str, Any]] = [
        {"interval": "sandwich"}, {"ties": "davidson"}, {"weights": "pair"}, {"half_life_days": 9}, {"cluster": "voter"}
    ]  # fmt: skip
    for changes in [*others, {"simultaneous": True}, {"control": ("side",)}]:
        assert not Settings(**changes).resamples


def test_columns_are_clusters_and_controls_by_their_names() -> None:
    assert Settings(cluster="prompt") == Settings(cluster="column:prompt")
    assert Settings(cluster="prompt").cluster_column == "prompt"
    assert Settings(cluster="column:pair").cluster_column == "pair"
    assert all(Settings(cluster=name).cluster_column is None for name in ("auto", "none", "pair", "voter"))
    settings = Settings(control=("column:n", "side", "column:m", "column:n"))
    assert settings.control == ("side", "column:n", "column:m")
    assert settings.control_columns == ("n", "m")
    with pytest.raises(ValueError, match="interval 'bootstrap' cannot be combined with cluster 'column:prompt'"):
        Settings(interval="bootstrap", cluster="prompt")
