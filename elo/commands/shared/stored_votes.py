"""The votes of a database, for the commands: as counts where these are enough, else one by one."""

import argparse
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeVar

from elo.battles import Cells, Votes
from elo.columns import Cell, cell
from elo.commands.shared.failures import CommandError
from elo.commands.shared.progress import Progress
from elo.settings import Settings, looks_at_voters
from elo.votes.further import unknown_column
from elo.votes.selection.wanted import ALL_KINDS, Tally
from elo.votes.selection.where import Condition, ConditionError
from elo.votes.vote_columns import columns_for, data_for, further_for, gathered, of_voters, reads_style

if TYPE_CHECKING:  # these modules load slowly, and votes files do not need them
    from sqlalchemy import Connection

    from db.codes import BattleKind

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class StoredVotes:
    """The votes, the models that are not retired, the ledger's revision, and what `Found` says of the others."""

    data: Cells | Votes
    listed: Sequence[str]
    revision: int
    dated: Votes | None
    parameters: Mapping[str, int]


@dataclass(slots=True)
class Selection:
    """Chooses votes by the values of the columns `names`, in their order, and tallies the others."""

    names: tuple[str, ...]
    where: Sequence[Condition]
    by: str | None = None
    with_times: bool = False
    """Whether the votes are needed one by one, with their times."""
    tally: Tally = field(default_factory=Tally)

    def __post_init__(self) -> None:
        """Raises CommandError for a column that no database has."""
        others = (*(condition.column for condition in self.where), self.by)
        self.names = tuple(dict.fromkeys([*self.names, *(name for name in others if name is not None)]))
        if self.names:
            from db.queries import BATTLE_COLUMNS

            for name in self.names:
                if name not in BATTLE_COLUMNS:
                    raise CommandError(f"the database {unknown_column(name, BATTLE_COLUMNS)}")

    def holds(self, values: Sequence[object]) -> bool:
        """Whether all conditions hold. Raises CommandError."""
        try:
            is_chosen = all(condition.holds(self._cell(condition.column, values)) for condition in self.where)
        except ConditionError as error:
            raise CommandError(str(error)) from error
        self.tally.n_other_values += not is_chosen
        return is_chosen

    def exclude(self, reasons: Iterable[str], values: Sequence[object]) -> None:
        """Tally a vote that does not count, if it is chosen."""
        if self.holds(values):
            self.tally.exclude(reasons, None if self.by is None else self._cell(self.by, values))

    def _cell(self, name: str, values: Sequence[object]) -> Cell:
        return cell(name, values[self.names.index(name)])


def kind_of(arguments: argparse.Namespace) -> "BattleKind | None":
    """The kind that --kind names; None: all. Raises CommandError."""
    from db.codes import BattleKind

    label = arguments.kind or BattleKind.BATTLE.label
    try:
        return None if label == ALL_KINDS else BattleKind.parse(label)
    except ValueError as error:
        raise CommandError(f"{error}, {ALL_KINDS}") from error


def in_database(url: str, read: "Callable[[Connection, str], T]") -> T:
    """What `read` returns for a snapshot of the database and its address without a password. Raises CommandError."""
    from db.errors import DatabaseError
    from db.session import open_database

    try:
        database = open_database(url, create=False)
        try:
            with database.read() as tx:
                return read(tx, database.url)
        finally:
            database.close()
    except DatabaseError as error:
        raise CommandError(str(error)) from error


def stored_votes(
    tx: "Connection",
    kind: "BattleKind | None",
    settings: Settings,
    selection: Selection,
    progress: Progress,
    *,
    since: float | None = None,
    until: float | None = None,
) -> StoredVotes:
    """The votes that these settings need, of those that the selection chooses. With `by` they come one by one."""
    from db import queries
    from db.codes import BattleKind

    span = {"since": since, "until": until}
    models = queries.list_models(tx)
    listed = [model.info.name for model in models if not model.is_retired]
    parameters = {model.info.name: n for model in models if (n := model.info.parameters)}
    is_selected = bool(selection.where) or selection.by is not None
    if is_selected:
        for vote in queries.excluded_votes(tx, kind, further=selection.names, **span):
            selection.exclude([reason.label for reason in vote.reasons], vote.further)
    else:
        selection.tally.excluded.update({reason.label: n for reason, n in queries.exclusions(tx, kind, **span).items()})
    # Only quick battles are on prepared pairs; of all others counts may do, and are read much faster
    is_clustered = kind in (BattleKind.QUICK, None) and bool(queries.cells(tx, BattleKind.QUICK, **span))
    is_clustered = settings.cluster == "auto" and is_clustered
    cells = Cells.from_counts([] if is_selected else queries.cells(tx, kind, **span))
    data: Cells | Votes = cells
    dated: Votes | None = None
    if is_selected or settings.needs_votes or is_clustered or selection.with_times:
        if settings.method == "elo" and not is_selected and not selection.with_times:
            data = Votes.from_rows(progress.reading(queries.votes_in_order(tx, kind, **span)))
        else:
            columns, further = columns_for(settings), further_for(settings, selection.by)
            columns |= {"time"} if selection.with_times else set()
            rows = queries.rated_votes(
                tx, kind, with_answers="features" in columns, with_style=reads_style(settings),
                further=selection.names, **span,
            )  # fmt: skip
            chosen = (vote for vote in progress.reading(rows) if selection.holds(vote.further))
            votes = gathered(chosen, columns, further)
            data = votes if selection.by is not None else data_for(votes, settings)
            dated = votes if selection.with_times else None
    elif looks_at_voters(settings):
        data = of_voters(progress.reading(queries.voters_in_order(tx, kind, **span)), queries.model_names(tx))
    return StoredVotes(data, listed, queries.ledger_state(tx).revision, dated, parameters)
