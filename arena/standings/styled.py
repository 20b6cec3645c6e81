"""Votes with the length and the style of their answers, which style control reads of every vote under a filter.

For a million votes: the database packs what it returns into few integers (`db.queries.StyledVotes`), which NumPy takes
apart, and the models are numbered without sorting. The votes are those that an export gives, in another order.
"""

from collections.abc import Iterable, Sequence
from itertools import chain

import numpy as np
from sqlalchemy import Connection

from db import queries
from db.codes import BattleKind
from db.queries import BoardFilter, StyledVotes
from db.side_sums import LENGTH_BITS, NOT_PACKED, PACKED_STYLE, STYLE_BITS
from elo.battles import Floats, Index, Votes
from elo.settings import Settings
from elo.votes.vote_columns import columns_for

_FEATURES = {
    "n_tokens": "tokens",
    "n_chars": "characters",
    "n_headings": "headers",
    "n_list_items": "lists",
    "n_bold": "bold",
}
_N_SUMS = 1 + len(PACKED_STYLE)


def is_styled(settings: Settings) -> bool:
    """Whether these settings need the length or the style of the answers of each vote, and nothing more than that but
    its prepared prompt, by which intervals are clustered."""
    columns = columns_for(settings)
    is_timed = "speed" in settings.control or settings.control_columns or settings.cluster_column
    return "features" in columns and columns <= {"features", "prepared"} and not is_timed


def styled(tx: Connection, chosen: BoardFilter, settings: Settings) -> Votes:
    """Read the counted votes under a filter, for settings for which `is_styled` is true."""
    has_prompts = "prepared" in columns_for(settings) and BattleKind.QUICK in chosen.kinds
    found = StyledVotes(tx, chosen, has_prompts=has_prompts)
    table = _integers(found.packed(), 3 + has_prompts)
    is_odd = table[1] == NOT_PACKED
    sums, table = _unpacked(table[1], table[2]), table[[0, *range(3, len(table))]]
    if is_odd.any():
        rest = np.array(list(chain.from_iterable(found.not_packed())), dtype=np.float64).T
        n = 2 * (1 + len(PACKED_STYLE))
        sums[:, :, is_odd] = rest[1 : 1 + n].reshape(2, -1, rest.shape[1]).swapaxes(0, 1)
        table[:, is_odd] = rest[[0, *range(1 + n, len(rest))]]
    a, b, outcome = queries.unpacked(table[0])
    models, a, b = numbered(tx, a, b)
    return Votes(
        models,
        a,
        b,
        outcome,
        prepared=prepared_pairs(a, b, table[1], len(models)) if has_prompts else None,
        features={
            _FEATURES[name]: column.T
            for name, column in zip((found.length, *PACKED_STYLE), sums, strict=True)
            if not np.isnan(column).all()
        },
    )


def numbered(tx: Connection, a: Index, b: Index) -> tuple[tuple[str, ...], Index, Index]:
    """Return the models with a vote, and their numbers for the row numbers of the models, (N,) each."""
    names = queries.model_names(tx)
    has_vote = np.zeros(max(names) + 1, dtype=np.bool_)
    has_vote[a] = has_vote[b] = True
    number = np.cumsum(has_vote) - 1
    return tuple(names[model] for model in np.flatnonzero(has_vote).tolist()), number[a], number[b]


def prepared_pairs(a: Index, b: Index, prompt: Index, n_models: int) -> Index:
    """(N,): the number of the prepared pair of each vote, -1 without one. `prompt` is the prompt's, or -1."""
    key = (prompt * n_models + np.minimum(a, b)) * n_models + np.maximum(a, b)
    _, number = np.unique(key, return_inverse=True)
    return np.where(prompt < 0, -1, number)


def _integers(batches: Iterable[Sequence[Sequence[int]]], n_columns: int) -> Index:
    """(columns, N)"""
    flat = [np.fromiter(chain.from_iterable(rows), np.int64, len(rows) * n_columns) for rows in batches]
    return np.concatenate(flat).reshape(-1, n_columns).T.copy()


def _unpacked(*sides: Index) -> Floats:
    """(4, 2, N): the length and the counts of both sides. NaN: unknown."""
    sums = np.empty((1 + len(PACKED_STYLE), len(sides), len(sides[0])))
    for side, packed in enumerate(sides):
        sums[0, side] = (packed & (1 << LENGTH_BITS) - 1) - 1
        for row, bit in enumerate(PACKED_STYLE.values(), start=1):
            sums[row, side] = packed >> bit & (1 << STYLE_BITS) - 1
    np.copyto(sums[0], np.nan, where=sums[0] < 0)
    if (is_unknown := sides[0] < 0).any():
        sums[:, :, is_unknown] = np.nan
    return sums
