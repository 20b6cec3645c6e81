"""What moved between two boards, and whether by more than chance.

A rating's error comes from its interval. How two errors combine depends on the votes that the boards share:

    none                     the variances add (too cautious if the boards do share some votes)
    all votes of the first   only the new votes can have moved a rating by chance: sqrt(v1 - v2) (Hausman 1978)
    all votes                no change is due to chance

With few new votes, v1 - v2 is smaller than the noise of two bootstraps and may even be below 0. So it is taken as at
least v1 times the share of new votes, which it would be if precision grew with the number of votes.

The mean of the scale depends on which models are rated. So the mean change of the common models of a group is reported
separately, and subtracted from each.
"""

import json
import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import NormalDist, fmean
from typing import Any

from elo.board.comparison import Comparison, Difference, Move, Place, Shared, Verdict
from elo.fit.pointwise import pointwise
from elo.votes.values import model_name, shown

_LEVEL = 0.95


class BoardFileError(ValueError):
    """The file is missing, or is not the JSON of a board."""


@dataclass(frozen=True, slots=True)
class SavedBoard:
    """The part of a board's JSON that a comparison needs."""

    places: Mapping[str, Place]
    settings: Mapping[str, object]
    """With the selection of votes: kind, since, until."""
    votes: int
    sha256: str | None
    """Of the counts, if the board has it."""


def compare(before: SavedBoard, after: SavedBoard, *, grown: bool = False) -> Comparison:
    """`grown`: the second board has all votes of the first, and more.

    Raises ValueError if it has fewer votes, or if the two boards have different scales.
    """
    for name in ("base", "scale"):
        if before.settings.get(name) != after.settings.get(name):
            raise ValueError(
                f"{name} is {before.settings.get(name)!r} on the first board and {after.settings.get(name)!r} on the "
                f"second, so a point is not the same on both; rate one with the other's {name}"
            )
    is_same = before.sha256 is not None and before.sha256 == after.sha256
    if grown and after.votes < before.votes:
        raise ValueError(
            f"the second board has {after.votes:,} votes and the first {before.votes:,}, so it did not grow from it; "
            "leave --grown out (in Python, grown=False)"
        )
    shared: Shared = "all" if is_same else "first" if grown else "nothing"
    common = sorted(before.places.keys() & after.places.keys())
    shifts = _shifts(before, after, common)
    changes = {model: after.places[model].rating - before.places[model].rating - shifts[model] for model in common}
    new = _share_of_new(before.votes, after.votes)
    errors = {model: _error(before.places[model], after.places[model], shared, new) for model in common}
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


def _shifts(before: SavedBoard, after: SavedBoard, common: Sequence[str]) -> dict[str, float]:
    """The mean change of each model's group: models that are comparable on both boards."""
    groups: dict[tuple[int, int], list[str]] = defaultdict(list)
    for model in common:
        groups[before.places[model].component, after.places[model].component].append(model)
    return {
        model: fmean(after.places[one].rating - before.places[one].rating for one in members)
        for members in groups.values()
        for model in members
    }


def _error(before: Place, after: Place, shared: Shared, new: float) -> float | None:
    """`new`: the share of new votes on the second board."""
    if before.error is None or after.error is None or shared == "all":
        return None
    if shared == "first":
        least = max(new, _share_of_new(before.battles, after.battles))
        return before.error * math.sqrt(max(1 - (after.error / before.error) ** 2 if before.error else 0.0, least))
    return math.hypot(before.error, after.error)


def _share_of_new(before: int, after: int) -> float:
    return 1 - before / after if after > before else 0.0


def _verdicts(changes: Mapping[str, float], errors: Mapping[str, float | None]) -> dict[str, Verdict]:
    """Holm's rule: the smallest of n p-values is compared with 5 %/n, the next with 5 %/(n - 1), up to the first that
    is too large. An interval without a width, such as an anchor's, has no p-value."""
    chances = {
        model: 2 * NormalDist().cdf(-abs(changes[model]) / error) if error else 1.0
        for model, error in errors.items()
        if error or (error is not None and changes[model] == 0)
    }
    verdicts: dict[str, Verdict] = dict.fromkeys(changes, "unknown")
    is_sure = True
    for rank, (model, chance) in enumerate(sorted(chances.items(), key=lambda item: item[1])):
        is_sure = is_sure and chance <= (1 - _LEVEL) / (len(chances) - rank)
        verdicts[model] = "yes" if is_sure else "perhaps" if chance <= 1 - _LEVEL else "no"
    return verdicts


def read_board(path: Path) -> SavedBoard:
    """A board as `recompute --json` and `/leaderboard.json` write it. Raises BoardFileError."""
    try:
        content = json.loads(
            path.read_text(encoding="utf-8"), parse_float=_finite, parse_constant=_finite, parse_int=_whole
        )
    except OSError as error:
        raise BoardFileError(f"{path} cannot be read: {error.strerror or error}") from error
    except (ValueError, RecursionError) as error:
        raise BoardFileError(f"{path} is not JSON: {error}; {_EXPECTED}") from error
    try:
        return board_of(content)
    except ValueError as error:
        raise BoardFileError(f"{path} is not a board: {error}; {_EXPECTED}") from error


_EXPECTED = "expected what `python -m elo recompute --json` writes"


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(f"{text} is not a finite number")
    return number


def _whole(text: str) -> int | float:
    """An integer; one with very many digits, which no board has, becomes a float."""
    return int(text) if len(text) < 20 else _finite(text)


def board_of(content: object) -> SavedBoard:
    """A board from the content of its JSON. Raises ValueError."""
    whole = _object("it", content)
    if "boards" in whole:
        raise ValueError(f"it has a board for each {whole.get('by')}; write one with --where instead of --by")
    settings, rows = _object("settings", whole.get("settings")), whole.get("models")
    source = _object("source", whole.get("source") or {})
    if not isinstance(rows, list):
        raise ValueError(f"models is {shown(rows)}, not a list")
    reach = whole.get("reach")
    if reach is None:
        level = _number(settings, "level")
        if not 0 < level < 1:
            raise ValueError(f"level is {level!r}, not between 0 and 1")
        reach = pointwise(level)
    elif _number(whole, "reach") <= 0:
        raise ValueError(f"reach is {shown(reach)}, not above 0")
    places: dict[str, Place] = {}
    for row in rows:
        name = model_name("model", (row := _object("a row of models", row)).get("model"))
        if name in places:
            raise ValueError(f"model {name!r} appears twice")
        places[name] = _place(row, reach)
    chosen = {name: source.get(name) for name in ("kind", "since", "until")} | {"where": source.get("where") or []}
    sha256 = source.get("sha256")
    return SavedBoard(
        places, {**settings, **chosen}, int(_number(whole, "votes")), sha256 if isinstance(sha256, str) else None
    )


def _object(what: str, value: object) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise ValueError(f"{what} is {shown(value)}, not an object")
    return value


def _number(row: Mapping[str, Any], name: str) -> float:
    value = row.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError(f"{name} is {shown(value)}, not a number")
    return value


def _place(row: Mapping[str, Any], reach: float) -> Place:
    error = None
    if row.get("low") is not None and row.get("high") is not None:
        low, high = _number(row, "low"), _number(row, "high")
        if low > high:
            raise ValueError(f"low is {low!r} and high is {high!r}, which is below it")
        error = (high - low) / 2 / reach
    worst = None if row.get("rank_worst") is None else int(_number(row, "rank_worst"))
    return Place(
        int(_number(row, "rank")), float(_number(row, "rating")), error, int(_number(row, "component")),
        int(_number(row, "battles")), worst,
    )  # fmt: skip
