"""The differences between two answers that may explain a vote: length, style, side and speed.

    length   tokens (characters where tokens are not counted)      style   headers, lists, bold      speed   seconds
    side     1, always: seen from the answer on side A      column:NAME   the number in that column of the votes

Each count f becomes (f_a - f_b) / (f_a + f_b + 1), the difference of the two answers over their sum, so that 20 lines
against 10 are as much as 200 against 100; seconds without the 1, which would have a unit there (and 0 against 0 is 0).
The number of a column is taken as it is: a positive one is in favour of side A where its coefficient is positive.
Scaling and estimation are in `contextual`.

    N battles
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from elo.battles import Floats, MissingDataError, Votes
from elo.settings import COLUMN

_CHOICES: dict[str, tuple[tuple[str, ...], ...]] = {
    "length": (("tokens",), ("characters",)),
    "style": (("headers", "lists", "bold"),),
    "speed": (("seconds",),),
}


@dataclass(frozen=True, slots=True, eq=False)
class Covariates:
    """Columns by name, (N,) each, seen from side A, and which battles have them all, (N,). Elsewhere columns may be
    NaN."""

    names: tuple[str, ...]
    columns: tuple[Floats, ...]
    is_known: NDArray[np.bool_]


def covariates(votes: Votes, control: Sequence[str]) -> Covariates:
    """The columns that control needs, in its order.

    Raises MissingDataError if the votes lack a feature or column, if a column is not of numbers, or if no vote has them
    all; ValueError for a feature below 0.
    """
    columns: dict[str, Floats] = {}
    for part in control:
        if part == "side":
            columns["side"] = np.ones(len(votes))
        elif part.startswith(COLUMN):
            columns[part] = _numbers(votes, part.removeprefix(COLUMN))
        else:
            columns.update({name: _ratio(name, feature) for name, feature in _features(votes, part).items()})
    is_known = np.ones(len(votes), dtype=bool)
    for column in columns.values():
        is_known &= np.isfinite(column)
    if columns and not is_known.any():
        whose = "" if any(name.startswith(COLUMN) for name in columns) else " of both answers"
        raise MissingDataError(
            f"control needs {', '.join(columns)}{whose}, and no vote has them all; leave one of them, or control, out"
        )
    return Covariates(tuple(columns), tuple(columns.values()), is_known)


def _numbers(votes: Votes, name: str) -> Floats:
    if name not in votes.further:
        raise MissingDataError(f"the votes have no column {name} for control; give the column, or leave control out")
    try:
        return votes.further[name].numbers(name)
    except ValueError as error:
        raise MissingDataError(f"{error}, because control needs numbers; leave column:{name} out") from error


def _features(votes: Votes, part: str) -> dict[str, Floats]:
    given = votes.features or {}
    choices = _CHOICES[part]
    for names in choices:
        if set(names) <= set(given):
            return {name: given[name] for name in names}
    wanted = " or ".join(", ".join(names) for names in choices)
    raise MissingDataError(
        f"control {part!r} needs {wanted} of the answers, and the votes have {', '.join(given) or 'none of them'}"
    )


def _ratio(name: str, feature: Floats) -> Floats:
    a, b = feature.T
    if (wrong := np.flatnonzero((a < 0) | (b < 0))).size:
        raise ValueError(f"vote {wrong[0] + 1}: {name} {feature[wrong[0]].tolist()}; expected numbers from 0")
    total = a + b + (name != "seconds")
    with np.errstate(invalid="ignore"):  # infinite numbers are unknown
        ratio: Floats = (a - b) / np.where(total == 0, 1.0, total)
    return ratio
