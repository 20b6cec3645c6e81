"""The length, Markdown and duration of an answer, as counts.

Votes files have the counts (`conv_metadata` in the exports of Chatbot Arena) or the texts, which `db.style` counts.
Both become the raw features of `battles.Votes`, a number for each side; `covariates` makes covariates of them.
"""

import ast
import json
import math
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple, Self

import numpy as np

from db.style import StyleCounts
from elo.battles import Floats
from elo.votes.values import shown

_METADATA = {
    "tokens": "sum_assistant_{}_tokens",
    "headers": "header_count_{}",
    "lists": "list_count_{}",
    "bold": "bold_count_{}",
}
_UNKNOWN = float("nan")


class Features(NamedTuple):
    """Sums over the answers of one side of a battle; NaN: unknown."""

    tokens: float = _UNKNOWN
    characters: float = _UNKNOWN
    headers: float = _UNKNOWN
    lists: float = _UNKNOWN
    """List items, numbered or not."""
    bold: float = _UNKNOWN
    seconds: float = _UNKNOWN

    @classmethod
    def of_answers(cls, answers: Sequence[StyleCounts], *, tokens: float = _UNKNOWN, seconds: float = _UNKNOWN) -> Self:
        """Add up the counts of the answers; tokens and seconds come from the caller. Without answers all is unknown."""
        if not answers:
            return cls(tokens, seconds=seconds)
        characters, headers, lists, bold = map(sum, zip(*answers, strict=True))
        return cls(tokens, characters, headers, lists, bold, seconds)


def of_metadata(metadata: object) -> tuple[Features, Features]:
    """The features of sides A and B, from a mapping with `sum_assistant_a_tokens`, `header_count_a`, `list_count_a`,
    `bold_count_a` and the same for b, each a number or numbers by kind (`{"h1": 0, "h2": 3}`), or from the text of such
    a mapping, as JSON or as Python writes it. Missing counts are NaN.

    Raises ValueError if it is not such a mapping, or a count is not a number from 0.
    """
    if isinstance(metadata, str):
        metadata = _parsed(metadata)
    if not isinstance(metadata, Mapping):
        raise ValueError(f"conv_metadata {shown(metadata)} is not an object with counts for sides a and b")
    a, b = ({name: _count(metadata, key.format(side)) for name, key in _METADATA.items()} for side in "ab")
    return Features(**a), Features(**b)


def _parsed(text: str) -> object:
    try:
        return json.loads(text)
    except ValueError:
        pass
    try:
        return ast.literal_eval(text)  # what pandas writes into a CSV
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        return text


def _count(metadata: Mapping[object, object], key: str) -> float:
    value = metadata.get(key)
    parts = [part for part in (value.values() if isinstance(value, Mapping) else [value]) if part not in (None, "")]
    try:
        numbers = [float(part) for part in parts if isinstance(part, int | float | str) and not isinstance(part, bool)]
    except ValueError:
        numbers = []
    if len(numbers) < len(parts) or any(number < 0 or math.isinf(number) for number in numbers):
        raise ValueError(f"{key} {shown(value)} is not a count; expected a number from 0, or such numbers by kind")
    return math.fsum(numbers) if numbers else _UNKNOWN


def features(values: Iterable[float], n_votes: int) -> dict[str, Floats]:
    """The features of N votes for `Votes.features`: name -> (N, 2). `values` has the numbers of each vote in turn: side
    A's `Features`, then side B's. A feature that is unknown for all votes is left out.

    Raises ValueError for another number of values than N votes have.
    """
    flat = np.fromiter(values, dtype=np.float64) if not isinstance(values, np.ndarray) else values
    n_features = len(Features._fields)
    if len(flat) != n_votes * 2 * n_features:
        raise ValueError(f"{len(flat)} values; expected {2 * n_features} for each of {n_votes} votes")
    table = flat.reshape(n_votes, 2, n_features)
    columns = {name: np.ascontiguousarray(table[:, :, i]) for i, name in enumerate(Features._fields)}
    return {name: column for name, column in columns.items() if not np.isnan(column).all()}
