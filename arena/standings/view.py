"""What an address of the leaderboard asks for: which votes, in which order, for which models.

    /leaderboard?kind=both&language=ko&turns=many&chars=101-500&since=2026-01-31&decisive=1&sort=votes&find=mistral

Every filter is a condition that `python -m elo recompute` knows, so the same votes can be rated from an export:

    mine=1              --where visitor=PSEUDONYM      the reader's own votes
    kind=quick          --kind quick --where campaign=
    kind=both           --kind all --where kind!=named --where kind!=control --where campaign=
    language=ko         --where language=ko            tag=code    --where tags=code
    turns=one           --where n_turns=1             turns=many  --where n_turns>=2
    chars=101-500       --where prompt_chars>=101 --where prompt_chars<=500
    since=2026-01-31    --since 2026-01-31            until=2026-02-28  --until 2026-02-28, which is not in it
    decisive=1          --where winner!=tie --where winner!=both_bad
    same=1              --where same_sent=true         both endpoints got the same parameters
    style=1             --control length,style

Votes of campaigns are on no board: whoever still judges would see the names there. An empty value is no filter. Pure.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields, replace
from typing import Literal, Self, get_args

from arena.one_line import is_one_line, without_directions
from db.codes import BattleKind
from elo.settings import Settings
from elo.votes.selection.where import Condition
from elo.votes.values import ValueProblem, time_s

Kind = Literal["battle", "quick", "both"]
Turns = Literal["", "one", "many"]
Order = Literal["", "asc", "desc"]
CONTROL = ("length", "style")
"""What style control holds equal."""
COLUMNS: Mapping[str, Order] = {
    "rank": "asc",
    "model": "asc",
    "rating": "desc",
    "interval": "asc",
    "online": "desc",
    "votes": "desc",
    "win_rate": "desc",
    "organisation": "asc",
    "licence": "asc",
    "size": "desc",
    "price": "asc",
    "speed": "desc",
}
"""What the models can be sorted by, and in which order where the address names none. An interval is sorted by its
width."""
SCORE = "score:"
"""Prefix of the name of a column of `scores`, which is sorted from the highest."""

_NAMES = {"is_mine": "mine", "is_decisive": "decisive", "is_same": "same", "has_style": "style"}
_CHOICES: Mapping[str, tuple[str, ...]] = {
    "mine": ("1",),
    "kind": get_args(Kind),
    "turns": get_args(Turns)[1:],
    "decisive": ("1",),
    "same": ("1",),
    "style": ("1",),
    "order": get_args(Order)[1:],
}
_LANGUAGE = re.compile(r"[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8}){0,3}")
_CHARS = re.compile(r"([0-9]{0,7})-([0-9]{0,7})")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_SPACES = re.compile("[\u00a0\u3000]")
"""Those of copied texts, and of East Asian keyboards."""
_MOST_TEXT = 80
_SHOWN = 40


class ViewError(ValueError):
    """A value of an address means nothing. `expected` lists the values that there are, or describes them, in English;
    then `key` names the description."""

    def __init__(self, name: str, came: str, expected: str, key: str | None = None) -> None:
        self.name, self.came, self.expected, self.key = name, _shortened(came), expected, key
        super().__init__(f"{name} is {self.came!r}; expected {expected}")


@dataclass(frozen=True, slots=True)
class View:
    """Without arguments: the official board, in the order of the ratings."""

    is_mine: bool = False
    kind: Kind = "battle"
    language: str = ""
    tag: str = ""
    turns: Turns = ""
    chars: str = ""
    """The least and the most characters of all prompts of a battle, such as 101-500, -100 or 501-."""
    since: str = ""
    """A date, in UTC."""
    until: str = ""
    """A date, in UTC: votes from before it."""
    is_decisive: bool = False
    is_same: bool = False
    has_style: bool = False
    sort: str = ""
    """The name of a column; empty: rating."""
    order: Order = ""
    """Empty: the column's own, such as the best first."""
    find: str = ""
    """Words of the name, the licence or the organisation of a model."""

    @classmethod
    def of(cls, query: Iterable[tuple[str, str]], *, ours: Iterable[str] | None = None) -> Self:
        """Read the parameters of an address. Those of other names are ignored, or, if `ours` lists the others that the
        address may have, refused.

        Raises `ViewError` for a value that means nothing, or that comes twice.
        """
        names = {_NAMES.get(field.name, field.name): field.name for field in fields(cls)}
        values: dict[str, str | bool] = {}
        for name, value in query:
            if name not in names:
                if ours is not None and name not in ours:
                    raise ViewError("filter", name, ", ".join(names))
                continue
            if value == "":
                continue
            came = _checked(name, value)
            if values.setdefault(names[name], came) != came:
                raise ViewError(name, f"{values[names[name]]}, {value}", "one value", "one")
        view = cls(**values)  # type: ignore[arg-type]
        if view.since and view.until and view.since >= view.until:
            raise ViewError("until", view.until, f"a date after {view.since}", "until")
        return view

    def query(self) -> dict[str, str]:
        """Return the parameters of the view's address."""
        found = {}
        for field in fields(self):
            value = getattr(self, field.name)
            if value != field.default:
                found[_NAMES.get(field.name, field.name)] = "1" if value is True else str(value)
        return found

    @property
    def filters(self) -> "View":
        """The view without what changes no number: order and search."""
        return replace(self, sort="", order="", find="")

    @property
    def is_official(self) -> bool:
        """Whether the numbers are the official board's."""
        return self.filters == OFFICIAL

    @property
    def n_filters(self) -> int:
        return len(self.filters.query())

    @property
    def battle_kind(self) -> BattleKind | None:
        """The kind of the votes that are read; None: all, which `where` narrows."""
        return {"battle": BattleKind.BATTLE, "quick": BattleKind.QUICK, "both": None}[self.kind]

    @property
    def since_s(self) -> float | None:
        """Seconds since 1970."""
        return time_s("since", self.since) if self.since else None

    @property
    def until_s(self) -> float | None:
        """Seconds since 1970."""
        return time_s("until", self.until) if self.until else None

    @property
    def char_range(self) -> tuple[int | None, int | None]:
        """The least and the most characters; None: any."""
        found = _CHARS.fullmatch(self.chars)
        low, high = found.groups() if found else ("", "")
        return int(low) if low else None, int(high) if high else None

    def where(self, visitor: str | None) -> tuple[str, ...]:
        """Return the conditions as `--where` has them. `visitor` is the reader's pseudonym, for a view of their own
        votes."""
        low, high = self.char_range
        found = {
            "kind!=named": self.kind == "both",
            "kind!=control": self.kind == "both",
            "campaign=": self.kind != "battle",
            f"visitor={visitor}": self.is_mine,
            f"language={self.language}": bool(self.language),
            str(Condition("tags", "=", self.tag)): bool(self.tag),
            "n_turns=1": self.turns == "one",
            "n_turns>=2": self.turns == "many",
            f"prompt_chars>={low}": low is not None,
            f"prompt_chars<={high}": high is not None,
            "winner!=tie": self.is_decisive,
            "winner!=both_bad": self.is_decisive,
            "same_sent=true": self.is_same,
        }
        return tuple(condition for condition, is_used in found.items() if is_used)

    def settings(self, official: Settings) -> Settings:
        """Return how the votes are rated. Raises ValueError where the official settings allow no style control."""
        return replace(official, control=CONTROL) if self.has_style else official


OFFICIAL = View()


def is_short_line(text: str) -> bool:
    """Whether an address can ask for this text: a tag, a name, or what is looked for."""
    return len(text) <= _MOST_TEXT and is_one_line(text)


def _checked(name: str, value: str) -> str | bool:
    """Return the value of a parameter. Raises `ViewError`."""
    if name == "find":
        value = without_directions(_SPACES.sub(" ", value))
    is_text = is_short_line(value)
    key: str | None
    if name in _CHOICES:
        is_known, expected, key = value in _CHOICES[name], ", ".join(_CHOICES[name]), None
    elif name == "language":
        is_known, expected, key = _LANGUAGE.fullmatch(value) is not None, "a code such as ko or en", "language"
    elif name == "chars":
        is_known, key = _is_range(value), "chars"
        expected = "the least and the most characters, such as 101-500, -100 or 501-"
    elif name in ("since", "until"):
        is_known, expected, key = _is_date(value), "a date such as 2026-01-31", "since"
    elif name == "sort":
        is_known = value in COLUMNS or (value.startswith(SCORE) and is_text)
        expected, key = ", ".join(COLUMNS), None
    else:
        is_known, expected, key = is_text, f"at most {_MOST_TEXT} characters in one line", "text"
    if not is_known:
        raise ViewError(name, value, expected, key)
    return True if _CHOICES.get(name) == ("1",) else value.strip()


def _is_range(value: str) -> bool:
    found = _CHARS.fullmatch(value)
    if found is None or value == "-":
        return False
    low, high = found.groups()
    return not (low and high) or int(low) <= int(high)


def _is_date(value: str) -> bool:
    try:
        return _DATE.fullmatch(value) is not None and time_s("since", value) >= 0
    except ValueProblem:
        return False


def _shortened(came: str) -> str:
    return came if len(came) <= _SHOWN else f"{came[: _SHOWN - 1]}…"
