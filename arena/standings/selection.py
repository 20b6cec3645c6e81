"""The votes that a view chooses, as its settings need them: counts where these are enough, else one by one.

`python -m elo recompute` reads an export in the same way, so the boards are the same (`elo.votes.vote_columns`).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from sqlalchemy import Connection

from arena.standings.styled import is_styled, numbered, prepared_pairs, styled
from arena.standings.view import View
from db import queries
from db.codes import BattleKind
from db.queries import BoardFilter, FilteredTally
from db.side_sums import SUM_COLUMNS, SUMS
from elo.battles import Cells, Floats, Index, Votes
from elo.columns import cell
from elo.settings import Settings, may_take_voters
from elo.votes.selection.where import Condition
from elo.votes.style import features
from elo.votes.vote_columns import Column, columns_for, data_for, further_for, gathered, reads_style

_STORED: Mapping[Column, tuple[str, ...]] = {
    "voter": ("voter",),
    "prepared": ("prepared",),
    "time": ("cast_at",),
    "draw_probability": ("draw_probability",),
    "features": SUM_COLUMNS,
}
"""The columns of the database from which those of votes are made."""
_FEATURES = ("n_tokens", "n_chars", "n_headings", "n_list_items", "n_bold", "duration_ms")
"""In the order of `elo.votes.style.Features`."""
_MS = 1000.0


@dataclass(frozen=True, slots=True)
class Selected:
    """Votes or their counts, with the tally of all votes that the view chooses. `n_left_out` are the votes of the same
    kind and time that it does not choose."""

    data: Cells | Votes
    tally: FilteredTally
    n_left_out: int


def board_filter(view: View, visitor: str | None) -> BoardFilter:
    """Return the view's filter as the database has it. `visitor` is the reader's pseudonym."""
    low, high = view.char_range
    kind = view.battle_kind
    return BoardFilter(
        kinds=frozenset({BattleKind.BATTLE, BattleKind.QUICK} if kind is None else {kind}),
        language=view.language or None,
        tag=view.tag or None,
        turns=view.turns or None,
        prompt_chars_low=low,
        prompt_chars_high=high,
        since=view.since_s,
        until=view.until_s,
        decisive_only=view.is_decisive,
        same_parameters_only=view.is_same,
        visitor=visitor if view.is_mine else None,
    )


def selected(tx: Connection, view: View, visitor: str | None, settings: Settings, *, least: int) -> Selected:
    """Read the votes of a view; only their counts if there are fewer than `least`."""
    chosen = board_filter(view, visitor)
    tally = queries.filtered_tally(tx, chosen)
    n_left_out = 0
    if view.where(visitor):
        totals = queries.vote_totals(tx, view.battle_kind, since=view.since_s, until=view.until_s)
        n_left_out = totals.counted + totals.excluded - tally.totals.counted - tally.totals.excluded
    data: Cells | Votes = Cells.from_counts(tally.cells)
    if tally.totals.counted >= least and (
        settings.needs_votes or may_take_voters(settings, tally.totals.counted) or _is_clustered(tx, chosen, settings)
    ):
        if is_styled(settings):
            data = data_for(styled(tx, chosen, settings), settings)
        else:
            read = _with_further_columns if further_for(settings) else _one_by_one
            data = read(tx, view, visitor, settings)
    return Selected(data, tally, n_left_out)


def _is_clustered(tx: Connection, chosen: BoardFilter, settings: Settings) -> bool:
    """Whether some of the votes are on prepared pairs, which intervals are clustered by: quick battles alone are."""
    if settings.cluster != "auto" or BattleKind.QUICK not in chosen.kinds:
        return False
    quick = replace(chosen, kinds=frozenset({BattleKind.QUICK}))
    return queries.filtered_tally(tx, quick).totals.counted > 0


def _one_by_one(tx: Connection, view: View, visitor: str | None, settings: Settings) -> Cells | Votes:
    """Return the votes of the view with the columns that the settings use."""
    wanted = columns_for(settings)
    names = tuple(name for column in _STORED if column in wanted for name in _STORED[column])
    batches = queries.filtered_votes(tx, board_filter(view, visitor), names)
    table = np.concatenate([np.array(rows, dtype=np.float64) for rows in batches])
    a, b, outcome = table[:, :3].astype(np.int64).T
    stored = dict(zip(names, table[:, 3:].T, strict=True))
    models, a, b = numbered(tx, a, b)
    voter, voters = None, np.zeros(0)
    if "voter" in wanted:
        voters, voter = np.unique(stored["voter"], return_inverse=True)
    votes = Votes(
        models,
        a,
        b,
        outcome,
        voter=voter,
        voters=tuple(f"{one:.0f}" for one in voters.tolist()),
        prepared=prepared_pairs(a, b, _known(stored["prepared"]), len(models)) if "prepared" in wanted else None,
        time_s=stored.get("cast_at"),
        draw_probability=stored.get("draw_probability"),
        features=_features(stored, len(table)) if "features" in wanted else None,
    )
    return data_for(votes, settings)


def _known(prompt: Floats) -> Index:
    """(N,): -1 for NaN."""
    return np.where(np.isfinite(prompt), prompt, -1).astype(np.int64)


def _features(stored: Mapping[str, Floats], n_votes: int) -> Mapping[str, Floats]:
    assert set(_FEATURES) == set(SUMS)
    columns = [stored[f"{name}_{side}"] / (_MS if name == "duration_ms" else 1) for side in "ab" for name in _FEATURES]
    return features(np.column_stack(columns).ravel(), n_votes)


def _with_further_columns(tx: Connection, view: View, visitor: str | None, settings: Settings) -> Cells | Votes:
    """The same with columns of a name, by which some settings cluster or control; read as an export is."""
    where = [Condition.parse(one) for one in view.where(visitor)]
    further, columns = further_for(settings), columns_for(settings)
    names = tuple(dict.fromkeys([*further, *(one.column for one in where)]))

    def holds(values: Sequence[object]) -> bool:
        return all(one.holds(cell(one.column, values[names.index(one.column)])) for one in where)

    rows = queries.rated_votes(
        tx,
        view.battle_kind,
        since=view.since_s,
        until=view.until_s,
        with_answers="features" in columns,
        with_style=reads_style(settings),
        further=names,
    )
    return data_for(gathered((vote for vote in rows if holds(vote.further)), columns, further), settings)
