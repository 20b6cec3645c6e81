"""Ratings against a quantity on a logarithmic axis, such as size or price, with the Pareto front."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from elo.board.plots.drawing.axis import Axis, LogAxis
from elo.board.plots.drawing.markup import cut, line, plain, upright

MOST = 40
"""Models in a figure: the first ones."""
_TOP, _HEIGHT, _WIDE, _ROW = 50, 300, 1000, 22
_LONGEST_NAME = 34
_UNITS = ((1e12, "T"), (1e9, "B"), (1e6, "M"), (1e3, "k"))


@dataclass(frozen=True, slots=True)
class Sized:
    """A rated model and its quantity, above 0."""

    model: str
    x: float
    rating: float
    low: float | None = None
    high: float | None = None


def size_text(n: int) -> str:
    """Return a number of parameters with its unit.

    >>> size_text(7_241_732_096)
    '7.2B'
    """
    for unit, letter in _UNITS:
        if n >= unit:
            return f"{n / unit:.1f}".removesuffix(".0") + letter
    return str(n)


def speed_text(tokens_per_s: float) -> str:
    """Return a speed with the digits that matter.

    >>> speed_text(6.3993), speed_text(1234.5)
    ('6.4', '1,234')
    """
    return f"{tokens_per_s:,.0f}" if tokens_per_s >= 10 else f"{tokens_per_s:.2g}"


QUANTITY_TEXTS: Mapping[str, Callable[[float], str]] = MappingProxyType(
    {"size": lambda n: size_text(round(n)), "price": "${:g}".format, "speed": speed_text}
)
"""The quantities that ratings are drawn against, and how an axis shows each."""


def front(points: Sequence[Sized], *, is_more_better: bool = False) -> tuple[Sized, ...]:
    """The models for which no other is rated at least as high with no more (or, with `is_more_better`, no less) of the
    quantity, and better in one of the two; in order of the quantity.

    >>> [one.model for one in front([Sized("small", 1, 900), Sized("big", 9, 1100), Sized("fat", 20, 1000)])]
    ['small', 'big']
    """
    sign = -1 if is_more_better else 1
    found: list[Sized] = []
    for one in sorted(points, key=lambda one: (sign * one.x, -one.rating)):
        if not found or one.rating > found[-1].rating or (one.rating, one.x) == (found[-1].rating, found[-1].x):
            found.append(one)
    return tuple(sorted(found, key=lambda one: one.x))


def scatter_figure(
    points: Sequence[Sized],
    *,
    title: str,
    caption: str = "",
    show: Callable[[float], str] = "{:g}".format,
    is_more_better: bool = False,
) -> str:
    """The models in the order given, numbered, with their intervals; their names stand below. A filled dot is on the
    front, which the stepped line follows. `show` writes a quantity. Raises ValueError for fewer than two points."""
    points = points[:MOST]
    if len(points) < 2:
        raise ValueError(f"{len(points)} models have this quantity; a figure needs 2")
    best = front(points, is_more_better=is_more_better)
    sizes = LogAxis.of(one.x for one in points)
    ratings = Axis.of(value for one in points for value in (one.low, one.rating, one.high) if value is not None)

    def y(rating: float) -> float:
        return _HEIGHT * (ratings.high - rating) / (ratings.high - ratings.low)

    bottom = _TOP + _HEIGHT
    grid = "".join(
        line("0", "100%", f"{_TOP + y(tick):.2f}", "grid", 1)
        + f'<text class="quiet number" x="0" y="{_TOP + y(tick) - 3:.2f}">{tick:g}</text>'
        for tick in ratings.ticks()
    )
    grid += "".join(
        upright(sizes.at(tick), f"{_TOP}", f"{bottom}", "grid", 1)
        + f'<text class="quiet number" x="{sizes.at(tick)}" y="{bottom + 16}" text-anchor="middle">'
        f"{plain(show(tick))}</text>"
        for tick in sizes.ticks()
    )
    steps = _steps([(_WIDE * sizes.share(one.x), y(one.rating)) for one in best], is_more_better=is_more_better)
    stairs = (
        f'<svg y="{_TOP}" width="100%" height="{_HEIGHT}" viewBox="0 0 {_WIDE} {_HEIGHT}" preserveAspectRatio="none">'
        f'<path class="front" d="{steps}" vector-effect="non-scaling-stroke"></path></svg>'
    )
    dots = "".join(
        _dot(number, one, f"{sizes.at(one.x)}", y, is_best=one in best) for number, one in enumerate(points, 1)
    )
    names = "".join(
        f'<g><title>{plain(one.model)}</title><text x="0" y="{bottom + 30 + number * _ROW}">'
        f'<tspan class="quiet number">{number}</tspan> {plain(cut(one.model, _LONGEST_NAME))}</text>'
        f'<text class="quiet number" x="100%" y="{bottom + 30 + number * _ROW}" text-anchor="end">'
        f"{plain(show(one.x))} · {one.rating:.0f}</text></g>"
        for number, one in enumerate(points, 1)
    )
    return (
        f'<svg class="chart" xmlns="http://www.w3.org/2000/svg" width="760"'
        f' height="{bottom + 40 + len(points) * _ROW}" role="img"><title>{plain(title)}</title>'
        f'<text class="group" x="0" y="16">{plain(title)}</text>'
        f'<text class="quiet" x="0" y="36">{plain(caption)}</text>{grid}{stairs}{dots}{names}</svg>'
    )


def _steps(places: Sequence[tuple[float, float]], *, is_more_better: bool) -> str:
    """The border of what the front's models reach: level from each to the next, where a better one takes over."""
    (x, y), *others = places
    path = f"M{x:.1f},{y:.2f}"
    for next_x, next_y in others:
        path += f" V{next_y:.2f} H{next_x:.1f}" if is_more_better else f" H{next_x:.1f} V{next_y:.2f}"
    return path


def _dot(number: int, one: Sized, x: str, y: Callable[[float], float], *, is_best: bool) -> str:
    place = f"{_TOP + y(one.rating):.2f}"
    interval = ""
    if one.low is not None and one.high is not None:
        interval = upright(x, f"{_TOP + y(one.high):.2f}", f"{_TOP + y(one.low):.2f}", "range thin", 1)
    return (
        f"<g><title>{plain(one.model)}</title>{interval}"
        f'<circle class="{"dot" if is_best else "hollow"}" cx="{x}" cy="{place}" r="5"></circle>'
        f'<text class="number" x="{x}" y="{_TOP + y(one.rating) - 6:.2f}" dx="6">{number}</text></g>'
    )
