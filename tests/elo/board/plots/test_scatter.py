"""Ratings against a quantity: the front, exact places, hostile names."""

import re
from xml.etree import ElementTree

import pytest

from elo.board.plots import Sized, front, scatter_figure, standalone

POINTS = [Sized("big", 100, 1100, 1050, 1150), Sized("mid", 10, 900), Sized("small", 1, 1000)]


@pytest.mark.parametrize(("is_more_better", "names"), [(False, ["small", "big"]), (True, ["big"])])
def test_the_front_has_those_that_none_beats_in_both(is_more_better: bool, names: list[str]) -> None:
    assert [one.model for one in front(POINTS, is_more_better=is_more_better)] == names


def test_equal_models_are_on_the_front_together_and_a_dearer_equal_is_not() -> None:
    equal = [Sized("a", 1, 1000), Sized("b", 1, 1000), Sized("c", 2, 1000), Sized("d", 1, 999)]
    assert [one.model for one in front(equal)] == ["a", "b"]


def test_places_are_logarithmic_and_numbers_follow_the_given_order() -> None:
    """1 to 100 with a margin of a factor 100 ** 0.12: 10 is in the middle, 1 at 0.24 / 2.48 of the width."""
    figure = scatter_figure(POINTS, title="Rating against size", show=lambda n: f"{n:g} M")
    dots = re.findall(r'<circle class="(\w+)" cx="([\d.]+)%" cy="([\d.]+)"', figure)
    assert [(kind, float(x)) for kind, x, _ in dots] == [("dot", 90.32), ("hollow", 50.0), ("dot", 9.68)]
    ys = [float(y) for *_, y in dots]
    assert ys[2] - ys[0] == pytest.approx((ys[1] - ys[0]) / 2, abs=0.02)
    assert 'd="M96.8,' in figure
    assert "H903.2" in figure
    assert [tick for tick in ("1 M", "10 M", "100 M") if f">{tick}<" in figure] == ["1 M", "10 M", "100 M"]
    assert "10 M · 900" in figure


def test_a_name_is_only_text_and_one_model_makes_no_figure() -> None:
    hostile = Sized('"><script>alert(1)</script>', 5, 1000)
    figure = scatter_figure([*POINTS, hostile], title="<x>")
    assert "<script" not in figure
    ElementTree.fromstring(standalone(figure))
    with pytest.raises(ValueError, match="1 models have this quantity; a figure needs 2"):
        scatter_figure(POINTS[:1], title="x")
