"""The votes that a view chooses, as its settings need them."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from sqlalchemy import Connection

from arena.standings.view import View
from db import queries
from elo.battles import Cells, Votes
from elo.columns import cell
from elo.settings import Settings
from elo.votes.selection.where import Condition
from elo.votes.vote_columns import columns_for, data_for, further_for, gathered, reads_style


@dataclass(frozen=True, slots=True)
class Selected:
    """Votes or their counts. `excluded` counts the chosen votes that do not count, by reason; `n_left_out` are the
    votes of the same kind and time that the view does not choose."""

    data: Cells | Votes
    n_counted: int
    n_excluded: int
    excluded: Mapping[str, int]
    n_left_out: int


@dataclass(slots=True)
class _Chooser:
    names: tuple[str, ...]
    where: Sequence[Condition]
    n_left_out: int = 0
    excluded: Counter[str] = field(default_factory=Counter)
    n_excluded: int = 0

    def holds(self, values: Sequence[object]) -> bool:
        is_chosen = all(one.holds(cell(one.column, values[self.names.index(one.column)])) for one in self.where)
        self.n_left_out += not is_chosen
        return is_chosen


def selected(tx: Connection, view: View, visitor: str | None, settings: Settings) -> Selected:
    """Read the votes of a view. `visitor` is the reader's pseudonym."""
    where = [Condition.parse(one) for one in view.where(visitor)]
    names = tuple(dict.fromkeys([*further_for(settings), *(one.column for one in where)]))
    chooser = _Chooser(names, where)
    kind, since = view.battle_kind, view.since_s
    for excluded in queries.excluded_votes(tx, kind, since=since, further=names):
        if chooser.holds(excluded.further):
            chooser.n_excluded += 1
            chooser.excluded.update(reason.label for reason in excluded.reasons)
    columns = columns_for(settings)
    rows = queries.rated_votes(
        tx,
        kind,
        since=since,
        with_answers="features" in columns,
        with_style=reads_style(settings),
        further=names,
    )
    votes = gathered((vote for vote in rows if chooser.holds(vote.further)), columns, further_for(settings))
    return Selected(
        data_for(votes, settings),
        len(votes),
        chooser.n_excluded,
        chooser.excluded,
        chooser.n_left_out,
    )
