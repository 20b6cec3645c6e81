"""Boards of the votes with each value of a column, and why some values have none."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from elo.battles import MissingDataError
from elo.board.notes import counted
from elo.fit.bradley_terry import ConvergenceError, NoMaximumError
from elo.fit.clusters import ClusterError
from elo.votes.selection.parts import Part

T = TypeVar("T")

_NOT_RATED = (MissingDataError, NoMaximumError, ClusterError, ConvergenceError)


@dataclass(frozen=True, slots=True)
class RatedParts(Generic[T]):
    """Boards by value of the column, and for the values without one the reason."""

    boards: Mapping[str, T]
    not_rated: Mapping[str, str]


def rated_parts(parts: Sequence[Part], rate: Callable[[Part], T]) -> RatedParts[T]:
    """Rate each part. Raises MissingDataError if no part has ratings."""
    boards: dict[str, T] = {}
    not_rated: dict[str, str] = {}
    for part in parts:
        try:
            boards[part.value] = rate(part)
        except _NOT_RATED as error:
            not_rated[part.value] = f"{counted(len(part.votes), 'vote')}: {error}"
    if parts and not boards:
        first = parts[0]
        raise MissingDataError(
            f"no value of {first.condition.column} has a board; {first.condition}: {not_rated[first.value]}"
        )
    return RatedParts(boards, not_rated)
