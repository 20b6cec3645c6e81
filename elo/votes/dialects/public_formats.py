"""Exports of other projects whose rows are votes in another form.

    lmarena      LMArena's public data: our columns, with `judge_hash` or `evaluation_session_id`
    comparia     compar:IA's votes: model_a_name, model_b_name, chosen_model_name, both_equal; or its turns: choice
    open-webui   Open WebUI's feedback: data.model_id, data.rating (1 or -1), data.sibling_model_ids; one vote for each
                 sibling
    preference   pairs for training: chosen_model and rejected_model, or chosen.model and rejected.model

Rows without a vote, such as turns without a choice, are tallied under a reason of their own. Sources: the datasets
lmarena-ai/arena-human-preference-55k, -100k and -140k, ministere-culture/comparia-votes and comparia-fr-arena, and
`routers/evaluations.py` of Open WebUI.
"""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from db.outcome import Outcome
from elo.votes.dialects.layout import LayoutError
from elo.votes.dialects.winners import Meaning
from elo.votes.files.chunks import Cells, Chunk, ListCells, Table
from elo.votes.values import shown

_Row = Mapping[str, object]
_Votes = Iterable[dict[str, object]]
_MADE = ("model_a", "model_b", "winner", "counted", "reasons")


@dataclass(frozen=True, slots=True)
class Format:
    """How to read the files of one project."""

    needs: tuple[str, ...]
    """The columns from which votes are made."""
    shown_by: tuple[str, ...] = ()
    """Further columns without which the format is not known by itself."""
    named: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """By role the columns, of which the first that there is counts."""
    labels: Mapping[str, Meaning] = field(default_factory=dict)
    votes: Callable[[_Row], _Votes] | None = None
    """Votes with the columns `made`, from a row with the columns `needs`; None: rows are votes."""
    made: tuple[str, ...] = _MADE

    def matches(self, columns: Sequence[str]) -> bool:
        return set(self.needs) <= set(columns)

    def is_shown_by(self, columns: Sequence[str]) -> bool:
        """Whether the columns alone show that it is this format."""
        return {*self.needs, *self.shown_by} <= set(columns)


def _left_out(reason: str) -> dict[str, object]:
    return {"counted": False, "reasons": (reason,)}


def _comparia(row: _Row) -> _Votes:
    """A tie where both are equal, else the chosen one."""
    vote = {"model_a": row["model_a_name"], "model_b": row["model_b_name"]}
    chosen = row["chosen_model_name"]
    if row["both_equal"] in (True, "True", "true", 1):
        yield {**vote, "winner": "tie"}
    elif chosen in (None, ""):
        yield vote | _left_out("no_choice")
    else:
        side = {vote["model_b"]: "model_b", vote["model_a"]: "model_a"}
        yield {**vote, "winner": side.get(chosen, chosen)}


def _comparia_turn(row: _Row) -> _Votes:
    yield {"winner": row["choice"]} if row["choice"] not in (None, "") else _left_out("no_choice")


def _open_webui(row: _Row) -> _Votes:
    data = _object(row["data"])
    model, siblings = data.get("model_id"), data.get("sibling_model_ids")
    others = [one for one in siblings if one != model] if isinstance(siblings, list | tuple) else []
    winner = {"1": "model_a", "-1": "model_b"}.get(str(data.get("rating")))
    if winner is None:
        yield _left_out("no_rating")
    elif not others:
        yield _left_out("no_opponent")
    for other in others if winner is not None else ():
        yield {"model_a": model, "model_b": other, "winner": winner, "tags": data.get("tags") or None}


def _preference(row: _Row) -> _Votes:
    chosen, rejected = row.values()
    a, b = (_object(one).get("model") if not isinstance(one, str) else one for one in (chosen, rejected))
    yield {"model_a": a, "model_b": b, "winner": "model_a"} if a is None or a != b else _left_out("same_model")


def _preference_objects(row: _Row) -> _Votes:
    return _preference({name: _object(value) for name, value in row.items()})


def _object(value: object) -> Mapping[str, object]:
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except ValueError:
            value = None
    return value if isinstance(value, Mapping) else {}


_CHOICES: Mapping[str, Meaning] = {
    "a_better": Outcome.A,
    "b_better": Outcome.B,
    "both_good": Outcome.TIE,
    "both_equal": Outcome.TIE,
    "both_bad": Outcome.BOTH_BAD,
}
_LMARENA = {"voter": ("judge_hash", "judge", "evaluation_session_id")}
FORMATS: Mapping[str, Sequence[Format]] = {
    "lmarena": (
        Format(("model_a", "model_b", "winner"), named=_LMARENA),
        Format(("model_a", "model_b", "winner_model_a", "winner_model_b", "winner_tie"), named=_LMARENA),
    ),
    "comparia": (
        Format(
            ("model_a_name", "model_b_name", "chosen_model_name", "both_equal"),
            named={"voter": ("visitor_id", "session_hash"), "time": ("timestamp",)},
            votes=_comparia,
        ),
        Format(
            ("model_a", "model_b", "choice"),
            named={"time": ("timestamp",)},
            labels=_CHOICES,
            votes=_comparia_turn,
            made=("winner", "counted", "reasons"),
        ),
    ),
    "open-webui": (
        *(Format(("data",), (other,), {"voter": ("user_id",), "time": ("created_at",)}, votes=_open_webui,
                 made=(*_MADE, "tags")) for other in ("type", "user_id")),
    ),
    "preference": (
        Format(("chosen_model", "rejected_model"), votes=_preference),
        Format(("chosen-model", "rejected-model"), votes=_preference),
        Format(("chosen", "rejected"), votes=_preference_objects),
    ),
}  # fmt: skip
_BY_COLUMNS = ("comparia", "open-webui", "preference")
"""The formats that are known by their columns alone."""


def format_for(name: str | None, columns: Sequence[str]) -> Format | None:
    """The format of that name or, without a name, that of the columns; None: rows are votes. Raises LayoutError for
    columns that the named format does not have."""
    if name is None:
        return next((one for key in _BY_COLUMNS for one in FORMATS[key] if one.is_shown_by(columns)), None)
    if name not in FORMATS:
        raise LayoutError(f"cannot be read as {name!r}; expected one of {', '.join(FORMATS)}")
    found = next((one for one in FORMATS[name] if one.matches(columns)), None)
    if found is None:
        has = ", ".join(map(shown, columns[:12])) or "none"
        expected = "; or ".join(", ".join(one.needs) for one in FORMATS[name])
        raise LayoutError(f"is not an export of {name}: its columns are {has}; expected {expected}")
    return found


class FormatTable:
    """A table of another project as one of votes. A `Table`."""

    def __init__(self, table: Table, format_: Format) -> None:
        self._table, self._format = table, format_
        self.unit, self.is_open_ended = table.unit, table.is_open_ended
        made = format_.made if format_.votes is not None else ()
        self.columns: Sequence[str] = (*made, *(name for name in table.columns if name not in made))

    @property
    def known(self) -> tuple[str, ...]:
        """The columns from which votes are made, and those that are made."""
        return (*self._format.needs, *self._format.made)

    @property
    def named(self) -> dict[str, str]:
        """The columns by role."""
        first = {
            role: next((name for name in names if name in self._table.columns), None)
            for role, names in self._format.named.items()
        }
        return {role: name for role, name in first.items() if name is not None}

    def chunks(self, names: Sequence[str]) -> Iterator[Chunk]:
        made, needs = self._format.made, self._format.needs
        others = [name for name in names if name not in made]
        for chunk in self._table.chunks([*others, *needs]):
            yield self._chunk(chunk, others) if self._format.votes is not None else chunk

    def _chunk(self, chunk: Chunk, others: Sequence[str]) -> Chunk:
        assert self._format.votes is not None
        needs, made = self._format.needs, self._format.made
        rows = zip(*(_values(chunk, name) for name in needs), strict=True)
        from_row: list[int] = []
        problems: dict[int, str] = {}
        votes: list[dict[str, object]] = []
        for i, row in enumerate(rows):
            if i in chunk.problems:
                problems[len(votes)] = chunk.problems[i]
            found = [{}] if i in chunk.problems else self._format.votes(dict(zip(needs, row, strict=True)))
            votes += found
            from_row += [i] * (len(votes) - len(from_row))
        columns: dict[str, Cells] = {name: ListCells([vote.get(name) for vote in votes]) for name in made}
        if "model_a" not in made:
            others = [*others, "model_a", "model_b"]
        for name in others:
            if name in chunk.columns:
                values = chunk.columns[name].values()
                columns[name] = ListCells([values[i] for i in from_row])
        return Chunk([chunk.lines[i] for i in from_row], columns, problems)


def _values(chunk: Chunk, name: str) -> Sequence[object]:
    return chunk.columns[name].values() if name in chunk.columns else [None] * len(chunk)
