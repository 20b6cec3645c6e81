"""All votes of votes files, also those that do not count.

`votes_file` reads the same files for ratings, and skips rows that do not count without validating them. Here such a row
must be a vote too; one that is not (without a winner, for example) is tallied and left out. A row that counts must be
right, as there.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from elo.quality.gathering import Ballot, prompt_key
from elo.votes import values
from elo.votes.further import Further
from elo.votes.layout import Layout
from elo.votes.parquet import ParquetRows
from elo.votes.rows import CsvRows, VoteRow
from elo.votes.values import ValueProblem
from elo.votes.votes_file import BadRowError, VotesFileError, opened
from elo.votes.wanted import ALL_KINDS, Wanted
from elo.votes.where import Condition, ConditionError

_PROMPTS = ("prompt", "question")
_ABSENT = "\0"  # the name of no column
_PROGRESS_ROWS = 10_000


@dataclass(slots=True)
class Ballots:
    """Iterates once over the ballots of the files, in order. The counts are complete at the end."""

    paths: Sequence[Path]
    kind: str | None = None
    """As in `votes_file.read_votes`."""
    where: Sequence[Condition] = ()
    """All must hold for a row; the others are tallied."""
    skip_bad: bool = False
    progress: Callable[[int], None] | None = None
    n_rows: int = field(default=0, init=False)
    n_other_kinds: int = field(default=0, init=False)
    n_other_values: int = field(default=0, init=False)
    """Rows for which a condition does not hold."""
    n_bad: int = field(default=0, init=False)
    n_not_votes: int = field(default=0, init=False)
    _known: dict[tuple[object, ...], Ballot] = field(default_factory=dict, init=False)
    """Most rows repeat a few combinations."""

    def __iter__(self) -> Iterator[Ballot]:
        """Raises BadRowError, VotesFileError."""
        wanted, names = Wanted(self.kind), tuple(dict.fromkeys(condition.column for condition in self.where))
        for path in self.paths:
            self._known.clear()  # another file may have other columns
            with opened(path) as rows:
                layout, unit = Layout.of(rows.columns), "row" if isinstance(rows, ParquetRows) else "line"
                prompt = next((name for name in _PROMPTS if name in rows.columns), None)
                if self.kind not in (None, ALL_KINDS) and "kind" not in rows.columns:
                    raise VotesFileError(f"{path} has no column kind, so rows of kind {self.kind!r} cannot be selected")
                further = Further.of(names, rows.columns, is_first_row=not isinstance(rows, CsvRows | ParquetRows))
                picked = (*layout.base, layout.voter or _ABSENT, prompt or _ABSENT, layout.time or _ABSENT)
                for row in rows.pick(picked, ("turns", *further.picked)):
                    self.n_rows += 1
                    if self.progress is not None and self.n_rows % _PROGRESS_ROWS == 0:
                        self.progress(self.n_rows)
                    try:
                        if self.where and not self._is_chosen(row, further, wanted, layout.base.index("kind")):
                            continue
                        ballot = self._ballot(row, layout, wanted)
                    except ConditionError as error:
                        raise VotesFileError(f"{path}, {unit} {row.line}: {error}") from error
                    except ValueProblem as problem:
                        if not self.skip_bad:
                            raise BadRowError(f"{path}, {unit} {row.line}: {problem}") from None
                        self.n_bad += 1
                        continue
                    if ballot is not None:
                        yield ballot
                further.check_found()

    def _is_chosen(self, row: VoteRow, further: Further, wanted: Wanted, place_of_kind: int) -> bool:
        """Whether the conditions hold for a row of the wanted kind; those for which not are tallied."""
        if row.problem is not None or not wanted.is_kind(row.values[place_of_kind]):
            return True
        cells = dict(zip(further.names, further.cells(row.whole[1:]), strict=True))
        holds = all(condition.holds(cells[condition.column]) for condition in self.where)
        self.n_other_values += not holds
        return holds

    def _ballot(self, found: VoteRow, layout: Layout, wanted: Wanted) -> Ballot | None:
        if found.problem is not None:
            raise ValueProblem(found.problem)
        cells, (voter, prompt, time) = found.values[:-3], found.values[-3:]
        vote = self._known.get(cells)
        if vote is None:
            vote = self._vote(dict(zip(layout.base, cells, strict=True)), layout, wanted)
            if vote is None:
                return None
            if all(type(cell) is str for cell in cells[:2]):  # else 1 and True would be one name
                self._known[cells] = vote
        return Ballot(
            vote.model_a,
            vote.model_b,
            vote.outcome,
            values.label(layout.voter or "", voter),
            vote.reasons,
            _prompt(prompt, found.whole[0]),
            _time_s(layout.time, time),
        )

    def _vote(self, row: Mapping[str, object], layout: Layout, wanted: Wanted) -> Ballot | None:
        """The vote itself; None if the row is skipped and tallied."""
        if not wanted.is_kind(row["kind"]):
            self.n_other_kinds += 1
            return None
        reasons = _reasons(row)
        try:
            model_a, model_b = (values.model_name(side, row[side]) for side in layout.sides)
            outcome = values.outcome([row[column] for column in layout.outcome])
            if model_a == model_b and not reasons:
                raise ValueProblem(f"{layout.sides[0]} and {layout.sides[1]} are both {model_a!r}; expected two models")
        except ValueProblem:
            if not reasons:
                raise
            self.n_not_votes += 1
            return None
        return Ballot(model_a, model_b, outcome, reasons=reasons)


def _reasons(row: Mapping[str, object]) -> tuple[str, ...]:
    """Why the row does not count; empty if it does."""
    if not values.truth("counted", row["counted"], default=True):
        return values.reasons(row["reasons"]) or ("not_counted",)
    return () if values.truth("anony", row["anony"], default=True) else ("not_anonymous",)


def _prompt(prompt: object, turns: object) -> str | None:
    """The key of a row's prompt or, in our exports, of the prompt of its first turn."""
    if isinstance(turns, list) and turns and isinstance(turns[0], Mapping):
        prompt = turns[0].get("prompt")
    return prompt_key(prompt) if isinstance(prompt, str) and prompt.strip() else None


def _time_s(column: str | None, value: object) -> float | None:
    """None if it is missing or not a time; the report counts such votes."""
    if column is None:
        return None
    try:
        return values.time_s(column, value)
    except ValueProblem:
        return None
