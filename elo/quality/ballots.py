"""All votes of votes files, also those that do not count.

`votes_file` reads the same files for ratings, and skips rows that do not count without validating them. Here such a row
must be a vote too; one that is not (without a winner, for example) is tallied and left out. A row that counts must be
right, as there.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from db.outcome import Outcome
from elo.quality.gathering import Ballot, prompt_key
from elo.votes import values
from elo.votes.decoding.file_votes import FileVotes
from elo.votes.decoding.reading import BadRowError, Reading, VotesFileError
from elo.votes.decoding.repeats import Repeats
from elo.votes.dialects.layout import Layout
from elo.votes.files.chunks import Chunk
from elo.votes.selection.wanted import CONTROL, Tally, Wanted
from elo.votes.selection.where import Condition
from elo.votes.values import ValueProblem
from elo.votes.vote_columns import VoteColumns
from elo.votes.votes_file import MOST_ONE_BY_ONE, Dialect, VotesTable, opened

_PROMPTS = ("prompt", "question")
_PROGRESS_ROWS = 10_000


@dataclass(slots=True)
class Ballots:
    """Iterates once over the ballots of the files, in order. The counts are complete at the end."""

    paths: Sequence[Path]
    kind: str | None = None
    """As in `votes_file.read_votes`."""
    where: Sequence[Condition] = ()
    """A row must satisfy all of them; the others are tallied."""
    skip_bad: bool = False
    progress: Callable[[int], None] | None = None
    dialect: Dialect = field(default_factory=Dialect)
    n_rows: int = field(default=0, init=False)
    n_other_kinds: int = field(default=0, init=False)
    n_other_values: int = field(default=0, init=False)
    """Rows that do not satisfy a condition."""
    n_bad: int = field(default=0, init=False)
    n_not_votes: int = field(default=0, init=False)
    tally: Tally = field(default_factory=Tally, init=False)
    """Only of rows whose battle was read before."""
    _n_ballots: int = field(default=0, init=False)
    _repeats: Repeats = field(default_factory=Repeats, init=False)

    def __iter__(self) -> Iterator[Ballot]:
        """Raises BadRowError, VotesFileError."""
        for path in self.paths:
            with opened(path, self.dialect) as table:
                table.check_selection(Wanted(self.kind))
                yield from self._of_table(table)

    def _of_table(self, table: VotesTable) -> Iterator[Ballot]:
        layout = table.layout
        reading = Reading(
            Wanted(self.kind, where=tuple(self.where), with_controls=True),
            VoteColumns(frozenset()),
            fold_names=self.dialect.fold_names,
            tally=self.tally,
            repeats=self._repeats,
        )
        votes = FileVotes(table.rows, layout, reading, table.labels, table.name)
        prompt = next((name for name in _PROMPTS if name in table.rows.columns), None)
        for chunk in table.rows.chunks([*votes.names, prompt or "", "turns", "campaign"]):
            rows = _Rows.of(chunk, votes, layout, prompt)
            for row, line in enumerate(chunk.lines):
                self.n_rows += 1
                if self.progress is not None and self.n_rows % _PROGRESS_ROWS == 0:
                    self.progress(self.n_rows)
                try:
                    ballot = self._ballot(rows, row, reading.wanted)
                    n_votes = 0 if ballot is None else rows.n_votes(row)
                except ValueProblem as problem:
                    if not self.skip_bad:
                        raise BadRowError(f"{table.name}, {table.rows.unit} {line}: {problem}") from None
                    self.n_bad += 1
                    continue
                self._n_ballots += n_votes
                if self._n_ballots > MOST_ONE_BY_ONE:
                    raise VotesFileError(
                        f"{table.name} stands for more than {MOST_ONE_BY_ONE:,} votes by its counts; votes are "
                        "examined one by one, so count them in smaller parts"
                    )
                for _ in range(n_votes):
                    assert ballot is not None
                    yield ballot
        votes.check_end()

    def _ballot(self, rows: "_Rows", row: int, wanted: Wanted) -> Ballot | None:
        """The ballot; None if the row is skipped and tallied."""
        if row in rows.chunk.problems:
            raise ValueProblem(rows.chunk.problems[row])
        if not rows.is_new[row]:
            return None
        is_control = rows.value("kind", row) == CONTROL
        is_aside = is_control and wanted.one_kind == "battle"
        if not wanted.is_kind(rows.value("kind", row)):
            self.n_other_kinds += 1
            return None
        if not rows.is_chosen[row]:
            self.n_other_values += not is_aside
            return None
        reasons = _reasons(rows.value("counted", row), rows.value("reasons", row), rows.value("anony", row))
        try:
            model_a, model_b, outcome = rows.battle(row, is_counted=not reasons)
        except ValueProblem:
            if not reasons:
                raise
            self.n_not_votes += 1
            return None
        voter = values.label(rows.layout.voter or "", rows.value("voter", row))
        prompt = _prompt(rows.value("prompt", row), rows.value("turns", row))
        time_s = _time_s(rows.layout.time, rows.value("time", row))
        prepared = values.label(rows.layout.prepared or "", rows.value("prepared", row))
        campaign = values.label("campaign", rows.value("campaign", row))
        return Ballot(
            model_a, model_b, outcome, voter, reasons, prompt, time_s, prepared, campaign, is_control, is_aside
        )


@dataclass(slots=True)
class _Rows:
    """The rows of a chunk, with the names and the outcome of each."""

    chunk: Chunk
    votes: FileVotes
    layout: Layout
    a: Sequence[int]
    b: Sequence[int]
    outcome: Sequence[int]
    models: Sequence[str]
    is_new: Sequence[bool]
    """Whether the battle was not read before."""
    is_chosen: Sequence[bool]
    """Whether it satisfies all conditions."""
    columns: Mapping[str, Sequence[object]]

    @classmethod
    def of(cls, chunk: Chunk, votes: FileVotes, layout: Layout, prompt: str | None) -> "_Rows":
        rows = np.ones(len(chunk), dtype=np.bool_)
        a, b, outcome = votes.battles.of(chunk, rows)
        rows[list(chunk.problems)] = False
        place = {name: name for name in ("kind", "counted", "anony", "reasons", "turns")}
        place |= {"voter": layout.voter or "", "count": layout.count or ""}
        place["time"] = layout.time or ""
        place |= {"prompt": prompt or "", "prepared": layout.prepared or "", "campaign": "campaign"}
        columns = {key: chunk.columns[name].values() for key, name in place.items() if name in chunk.columns}
        return cls(
            chunk,
            votes,
            layout,
            a.tolist(),
            b.tolist(),
            outcome.tolist(),
            votes.battles.models,
            votes.are_new(chunk, outcome, rows).tolist(),
            votes.chosen(chunk).tolist(),
            columns,
        )

    def value(self, key: str, row: int) -> object:
        return self.columns[key][row] if key in self.columns else None

    def battle(self, row: int, *, is_counted: bool) -> tuple[str, str, Outcome]:
        """Raises ValueProblem. A row that does not count may have one model on both sides."""
        a, b, outcome = self.a[row], self.b[row], self.outcome[row]
        if min(a, b, outcome) < 0 or (a == b and is_counted):
            self.votes.battles.check(self.chunk, row)
        return self.models[a], self.models[b], Outcome(outcome)

    def n_votes(self, row: int) -> int:
        return 1 if self.layout.count is None else values.count(self.layout.count, self.value("count", row))


def _reasons(counted: object, reasons: object, anony: object) -> tuple[str, ...]:
    """Why the row does not count; empty if it does."""
    if not values.truth("counted", counted, default=True):
        return values.reasons(reasons) or ("not_counted",)
    return () if values.truth("anony", anony, default=True) else ("not_anonymous",)


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
