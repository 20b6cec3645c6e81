"""The settings of a rating in words."""

import re
from collections.abc import Collection
from typing import Any, get_args

import pytest

from elo import Settings
from elo.board.wording import ENGLISH, common_kind, described
from elo.chance.intervals import IntervalKind
from elo.settings import Cluster, GaugeKind, TieModel, Weights

VOTES: frozenset[IntervalKind] = frozenset({"bootstrap", "hessian"})
EXAMPLES: list[dict[str, Any]] = [
    {},
    {"method": "elo"},
    {"prior": 0},
    {"prior": 2.5},
    {"gauge": "battles"},
    {"gauge": "anchor", "anchor": ("wren=1200",)},
    {"gauge": "anchor", "anchor": ("wren=1200", "new=900.5")},
    {"ties": "ignore"},
    {"both_bad": "ignore"},
    {"ties": "davidson"},
    {"ties": "rao-kupper", "both_bad": "ignore"},
    {"weights": "pair"},
    {"weights": "draw", "half_life_days": 30},
    {"half_life_days": 1},
    {"control": ("length", "side")},
    {"control": ("length", "side"), "ridge": 0.5},
    {"simultaneous": True},
    {"cluster": "pair"},
    {"cluster": "voter"},
    {"cluster": "prompt"},
    {"bootstrap": 0},
]


def words(kinds: Collection[IntervalKind] = VOTES, **changes: Any) -> str:
    return "; ".join(map(str, described(Settings(**changes), kinds)))


def test_the_official_settings_in_words() -> None:
    assert words() == (
        "Bradley-Terry fit; ties and both-bad are half a win each; prior: 1 virtual tie of each model against an "
        "average opponent; mean 1000; 400 points are odds of 10 to 1; "
        "95 % intervals: percentile bootstrap, 1,000 rounds, seed 0"
    )


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"prior": 0}, "; no prior: exact maximum likelihood; mean 1000; "),
        ({"prior": 2.5}, "; prior: 2.5 virtual ties of each model against an average opponent; "),
        ({"ties": "ignore"}, "Bradley-Terry fit; ties and both-bad are left out of the fit; prior"),
        ({"both_bad": "ignore"}, "; ties are half a win each, both-bad is left out of the fit; "),
        ({"ties": "davidson"}, "; ties and both-bad are a third outcome (Davidson); "),
        ({"gauge": "battles", "mean": 1500}, "; mean by battles 1500; "),
        ({"gauge": "anchor", "anchor": ("wren=1200",)}, "; anchor wren = 1200; "),
        (
            {"gauge": "anchor", "anchor": ("wren=1200", "new=900.5")},
            "; anchors, by their mean: wren = 1200, new = 900.5; ",
        ),
        ({"weights": "pair"}, "; a vote weighs 1 / max(votes of its pair, 50), scaled to a mean of 1; "),
        ({"half_life_days": 30}, "; a vote loses half its weight in 30 days, counted from the newest vote; "),
        ({"half_life_days": 1}, "; a vote loses half its weight in a day, counted from the newest vote; "),
        ({"control": ("length", "side"), "ridge": 0.5}, "; ratings for equal length, side, ridge 0.5; "),
        ({"control": ("side", "column:n_turns")}, "; ratings for equal side, n_turns; "),
        ({"level": 0.9}, "; 90 % intervals: percentile"),
        ({"method": "elo", "k": 8}, "online Elo in the order of the votes, K = 8, start 1000; 400 points"),
    ],
)
def test_every_setting_that_moves_a_number_has_words(changes: dict[str, Any], expected: str) -> None:
    assert expected in words(**changes)


def test_intervals_are_those_of_the_board_and_without_rows_those_that_were_asked_for() -> None:
    assert words({"sandwich"}, interval="sandwich").endswith("; 95 % intervals: sandwich")
    assert words({"sandwich"}).endswith(
        "; 95 % intervals: sandwich, because some bootstrap rounds have no finite ratings"
    )
    assert words({"hessian"}).endswith("; 95 % intervals: inverse Hessian")
    assert words({"none"}).endswith("; no intervals")
    assert words({"jackknife", "hessian"}).endswith("; 95 % intervals: jackknife by prepared pair")
    assert words({"jackknife"}, cluster="prompt").endswith("; 95 % intervals: jackknife by prompt")
    assert words({"sandwich"}, simultaneous=True).endswith("; the intervals hold for all models at once")
    assert words(()).endswith("; 95 % intervals: percentile bootstrap, 1,000 rounds, seed 0")
    assert words((), bootstrap=0).endswith("; no intervals")
    assert words((), ties="davidson").endswith("; 95 % intervals: sandwich")
    assert words((), cluster="voter").endswith("; 95 % intervals: jackknife by voter")


def test_the_common_kind_leaves_short_records_aside() -> None:
    assert common_kind({"hessian", "jackknife"}) == "jackknife"
    assert common_kind({"hessian"}) == "hessian"
    assert common_kind({"none"}) == "none"


def test_every_key_is_used_and_its_values_fill_it() -> None:
    kinds: list[Collection[IntervalKind]] = [(), *({kind} for kind in get_args(IntervalKind))]
    phrases = [phrase for changes in EXAMPLES for some in kinds for phrase in described(Settings(**changes), some)]
    assert {phrase.key for phrase in phrases} == ENGLISH.keys()
    for phrase in phrases:
        assert set(re.findall(r"{(\w+)}", ENGLISH[phrase.key])) == phrase.values.keys()


def test_the_examples_have_every_choice() -> None:
    for name, choices in (("ties", TieModel), ("gauge", GaugeKind), ("weights", Weights), ("cluster", Cluster)):
        given = {getattr(Settings(**changes), name) for changes in EXAMPLES}
        assert set(get_args(choices)) - given <= {"none"}
