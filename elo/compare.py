"""Two boards beside each other: which ratings moved, whether by more than chance, who came and went, which settings
differ.

A rating's own error is read off its interval. How two errors add up depends on what the boards share: nothing, and the
variances add (this is too careful where they share some votes); all votes of the first, and chance can have moved a
rating only by what the new votes bring, sqrt(v1 - v2) (Hausman 1978); all votes, and nothing that moved is chance.

The scale is no rating's own: who is rated decides where its mean lies. So what all common models of a group moved by
together is told apart, and left out of each.
"""

import json
import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import NormalDist, fmean
from typing import Any, Literal

Shared = Literal["nothing", "first", "all"]
"""What of their votes the boards have in common."""
Verdict = Literal["yes", "perhaps", "no", "unknown"]
"""Whether a rating moved by more than chance: yes also with regard to how many were looked at (Holm 1979); perhaps: one
in twenty does by chance; unknown: an interval is missing, or the boards share all votes."""

_LEVEL = 0.95


class BoardFileError(ValueError):
    """The file cannot be used: not there, no JSON, no board."""


@dataclass(frozen=True, slots=True)
class Place:
    """What a board says of one model; `error` is the standard error of its rating, None without an interval."""

    rank: int
    rating: float
    error: float | None
    component: int


@dataclass(frozen=True, slots=True)
class Board:
    """What a comparison needs of a board's JSON."""

    places: Mapping[str, Place]
    settings: Mapping[str, object]
    """And which votes were chosen: kind, since, until."""
    votes: int
    sha256: str | None
    """Of the counts, where the board tells."""


@dataclass(frozen=True, slots=True)
class Move:
    """One model of both boards. `change` is without what its group moved by together; `error` its standard error."""

    model: str
    before: Place
    after: Place
    change: float
    error: float | None
    verdict: Verdict


@dataclass(frozen=True, slots=True)
class Difference:
    """One setting; None where a board does not know it."""

    name: str
    before: object
    after: object


@dataclass(frozen=True, slots=True)
class Comparison:
    """Moves are sorted by how sure they are, then by how far."""

    moves: tuple[Move, ...]
    shift: float
    """What the common models moved by together, on average: it is the scale's."""
    came: tuple[str, ...]
    went: tuple[str, ...]
    settings: tuple[Difference, ...]
    shared: Shared
    votes: tuple[int, int]

    @property
    def n_moved(self) -> int:
        return sum(move.verdict == "yes" for move in self.moves)


def compare(before: Board, after: Board, *, grown: bool = False) -> Comparison:
    """`grown`: the second board has all votes of the first, and more.

    Raises ValueError where that cannot be: it has fewer.
    """
    if grown and after.votes < before.votes:
        raise ValueError(
            f"the second board has {after.votes} votes and the first {before.votes}: it has not grown out of it"
        )
    is_same = before.sha256 is not None and before.sha256 == after.sha256
    shared: Shared = "all" if is_same else "first" if grown else "nothing"
    common = sorted(before.places.keys() & after.places.keys())
    shifts = _shifts(before, after, common)
    changes = {model: after.places[model].rating - before.places[model].rating - shifts[model] for model in common}
    errors = {model: _error(before.places[model], after.places[model], shared) for model in common}
    verdicts = _verdicts(changes, errors)
    moves = [
        Move(model, before.places[model], after.places[model], changes[model], errors[model], verdicts[model])
        for model in common
    ]
    moves.sort(key=lambda move: (_ORDER.index(move.verdict), -abs(move.change), move.model))
    names = sorted(before.settings.keys() | after.settings.keys())
    return Comparison(
        tuple(moves),
        shift=fmean(shifts.values()) if shifts else 0.0,
        came=tuple(sorted(after.places.keys() - before.places.keys())),
        went=tuple(sorted(before.places.keys() - after.places.keys())),
        settings=tuple(
            Difference(name, before.settings.get(name), after.settings.get(name))
            for name in names
            if before.settings.get(name) != after.settings.get(name)
        ),
        shared=shared,
        votes=(before.votes, after.votes),
    )


_ORDER: tuple[Verdict, ...] = ("yes", "perhaps", "no", "unknown")


def _shifts(before: Board, after: Board, common: Sequence[str]) -> dict[str, float]:
    """By how much each model's group moved together: models that are comparable on both boards."""
    groups: dict[tuple[int, int], list[str]] = defaultdict(list)
    for model in common:
        groups[before.places[model].component, after.places[model].component].append(model)
    return {
        model: fmean(after.places[one].rating - before.places[one].rating for one in members)
        for members in groups.values()
        for model in members
    }


def _error(before: Place, after: Place, shared: Shared) -> float | None:
    if before.error is None or after.error is None or shared == "all":
        return None
    if shared == "first":
        return math.sqrt(max(before.error**2 - after.error**2, 0.0))
    return math.hypot(before.error, after.error)


def _verdicts(changes: Mapping[str, float], errors: Mapping[str, float | None]) -> dict[str, Verdict]:
    """Holm's rule: the smallest of n chances is held against 5 %/n, the next against 5 %/(n - 1), up to the first that
    is no longer small enough."""
    chances = {
        model: 2 * NormalDist().cdf(-abs(changes[model]) / error) if error else float(changes[model] == 0)
        for model, error in errors.items()
        if error is not None
    }
    verdicts: dict[str, Verdict] = dict.fromkeys(changes, "unknown")
    is_sure = True
    for rank, (model, chance) in enumerate(sorted(chances.items(), key=lambda item: item[1])):
        is_sure = is_sure and chance <= (1 - _LEVEL) / (len(chances) - rank)
        verdicts[model] = "yes" if is_sure else "perhaps" if chance <= 1 - _LEVEL else "no"
    return verdicts


def read_board(path: Path) -> Board:
    """What `recompute --json` and `/leaderboard.json` write. Raises BoardFileError."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise BoardFileError(f"{path} cannot be read: {error.strerror or error}") from error
    except (ValueError, RecursionError) as error:
        raise BoardFileError(f"{path} is not JSON: {error}; {_EXPECTED}") from error
    try:
        settings, source = dict(content["settings"]), dict(content.get("source") or {})
        reach = content.get("reach") or NormalDist().inv_cdf((1 + settings["level"]) / 2)
        places = {row["model"]: _place(row, reach) for row in content["models"]}
        chosen = {name: source.get(name) for name in ("kind", "since", "until")}
        return Board(places, settings | chosen, int(content["votes"]), source.get("sha256"))
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise BoardFileError(f"{path} is no board: {type(error).__name__} {error}; {_EXPECTED}") from error


_EXPECTED = "expected what `python -m elo recompute --json` writes"


def _place(row: Mapping[str, Any], reach: float) -> Place:
    low, high = row["low"], row["high"]
    error = None if low is None or high is None else (float(high) - float(low)) / 2 / reach
    return Place(int(row["rank"]), float(row["rating"]), error, int(row["component"]))
