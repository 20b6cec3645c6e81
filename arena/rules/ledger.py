"""The reasons why a vote does not count, each with its rule.

Every vote is stored with its *facts*: what these rules saw, as plain JSON, so that verdicts can be recomputed after a
rule has changed (`python -m arena admin recompute-verdicts`). A vote counts if and only if no reason applies.

    no_answer          in some turn a side's last attempt ended without any text: empty or white space, filtered before
                       any text, or tool calls only
    failed_side        in some turn a side's last attempt broke or timed out, or a filter cut it after some text
    stopped            in some turn the visitor stopped before 100 characters of each unfinished side were shown
    identical_answers  the outcome is a or b although both sides gave the same answer in every turn (`are_identical`; a
                       tie counts). The arena refuses such votes; older and imported ones exist
    identity_leak      an answer names its own model (`arena.rules.identity`)
    named              the names were shown: side by side, or chat
    named_probe        the visitor had sent the same prompt (`prompt_key`) to a page that shows names within 24 h
                       before; or, in a battle of which a side broke, any prompt since the battle began: such a page
                       tells which model breaks now, even if the side was asked again with success
    control            both sides were the same model
    rate_limited       the visitor had cast `votes_per_hour` votes within an hour (on prepared answers, counted
                       apart: `screens_per_hour`), or voted within `min_read_s` of the answers' end
    flagged            moderation blocked an answer, whose text was then withheld

Three reasons do not follow from facts; the database adds and removes them:

    banned             the visitor is banned
    withdrawn          the voter withdrew the vote
    unusual_voter      an admin found the voter's votes unlike an honest voter's. No rule and no command gives this
                       reason: `python -m elo quality` names such voters, and excludes nobody

An answer cut at the token limit counts, and so does one that was requested without a parameter that its endpoint does
not accept.

Facts of version 1 do not record whether an answer has text; an answer of 0 characters counts as without. If the answers
are still stored, a recomputation reads them instead.
"""

import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal, Self, get_args

from arena.players.events import visible_text
from arena.rules.limits import MIN_SHOWN_CHARS
from arena.settings import LimitSettings
from db.codes import BattleKind, Reason, Side
from db.outcome import Outcome

RULES_VERSION = 2

End = Literal["done", "stopped", "failed", "withheld"]


@dataclass(frozen=True, slots=True)
class Rules:
    """The numbers that the rules take from the settings."""

    votes_per_hour: int
    min_read_s: float
    screens_per_hour: int

    @classmethod
    def of(cls, limits: LimitSettings) -> Self:
        return cls(limits.votes_per_hour, limits.min_read_s, limits.screens_per_hour)


@dataclass(frozen=True, slots=True)
class SideFacts:
    """How a side's last attempt at a turn ended, how many characters of it were shown, and whether any of them was
    visible (None in facts of version 1). An answer that moderation blocked is `withheld`."""

    end: End
    n_chars: int
    has_text: bool | None = None

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Self:
        """Read stored facts. Raises KeyError, TypeError or ValueError."""
        end, has_text = stored["end"], stored.get("has_text")
        if end not in get_args(End):
            raise ValueError(f"end {end!r} is not one of {', '.join(get_args(End))}")
        return cls(end, _of(int, stored["n_chars"]), None if has_text is None else _of(bool, has_text))


@dataclass(frozen=True, slots=True)
class TurnFacts:
    """Both sides of one turn; `is_identical` if their texts are the same (`same_text`)."""

    a: SideFacts
    b: SideFacts
    is_identical: bool

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Self:
        """Read stored facts. Raises KeyError, TypeError or ValueError."""
        return cls(
            SideFacts.from_json(stored["a"]), SideFacts.from_json(stored["b"]), _of(bool, stored["is_identical"])
        )


@dataclass(frozen=True, slots=True)
class Facts:
    """What the rules see of a vote.

    `leaking`: the sides ("a", "b") with an answer that names its model. `n_votes_before`: votes of this visitor in the
    hour before, on prepared answers for a quick battle, else on all others. `read_s`: seconds between the end of the
    answers and the vote, None if unknown.
    """

    kind: str
    outcome: str
    turns: tuple[TurnFacts, ...]
    leaking: tuple[str, ...]
    n_votes_before: int
    read_s: float | None
    is_named_probe: bool
    is_flagged: bool = False

    @property
    def has_version_1(self) -> bool:
        """Whether `has_text` is missing for any side."""
        return any(side.has_text is None for turn in self.turns for side in (turn.a, turn.b))

    def to_json(self) -> dict[str, Any]:
        """Return the facts as plain JSON, which a vote row keeps."""
        return asdict(self)

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Self:
        """Read the JSON of a vote row, of version 1 too.

        An imported row may have any JSON: raises KeyError, TypeError or ValueError if something that the rules need is
        missing or wrong.
        """
        read_s = stored["read_s"]
        return cls(
            kind=BattleKind.parse(stored["kind"]).label,
            outcome=Outcome.parse(stored["outcome"]).label,
            turns=tuple(TurnFacts.from_json(turn) for turn in _of((list, tuple), stored["turns"])),
            leaking=tuple(Side.parse(side).label for side in _of((list, tuple), stored["leaking"])),
            n_votes_before=_of(int, stored["n_votes_before"]),
            read_s=None if read_s is None else _of((int, float), read_s),
            is_named_probe=_of(bool, stored["is_named_probe"]),
            is_flagged=_of(bool, stored.get("is_flagged", False)),
        )


def same_text(a: str, b: str) -> bool:
    """Whether two texts look the same: equal except for invisible characters at the ends and the kind of line ends."""
    return visible_text(a) == visible_text(b)


def prompt_key(prompt: str) -> str:
    """Return what two prompts have in common that ask the same: case, white space, and forms of one character (full
    width, accents) make no difference."""
    return " ".join(unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", prompt).casefold()).split())


def are_identical(turns: Sequence[TurnFacts]) -> bool:
    """Whether both sides gave the same answer in every turn: each has an answer to compare, and the texts are equal.

    The page's notice, the votes that the arena refuses and the reason `identical_answers` all follow from this.
    """
    is_same = bool(turns) and all(turn.is_identical for turn in turns)
    return is_same and not lacking(turns) and not is_withheld(turns)


def is_withheld(turns: Sequence[TurnFacts]) -> bool:
    """Whether moderation blocked an answer."""
    return any(side.end == "withheld" for turn in turns for side in (turn.a, turn.b))


def judge(facts: Facts, rules: Rules) -> tuple[Reason, ...]:
    """Return why the vote does not count, sorted by code; empty if it counts."""
    is_decided = Outcome.parse(facts.outcome) in (Outcome.A, Outcome.B)
    is_hasty = facts.read_s is not None and facts.read_s < rules.min_read_s
    kind = BattleKind.parse(facts.kind)
    most = rules.screens_per_hour if kind is BattleKind.QUICK else rules.votes_per_hour
    applies = {
        Reason.IDENTICAL_ANSWERS: is_decided and are_identical(facts.turns),
        Reason.IDENTITY_LEAK: bool(facts.leaking),
        Reason.NAMED: kind in (BattleKind.NAMED, BattleKind.CHAT),
        Reason.NAMED_PROBE: facts.is_named_probe,
        Reason.CONTROL: kind is BattleKind.CONTROL,
        Reason.RATE_LIMITED: facts.n_votes_before >= most or is_hasty,
        Reason.FLAGGED: facts.is_flagged,
    }
    return tuple(sorted({*lacking(facts.turns), *(reason for reason, holds in applies.items() if holds)}))


def lacking(turns: Sequence[TurnFacts]) -> set[Reason]:
    """Return why the answers cannot be compared: the reasons that apply to every outcome of a vote."""
    return {reason for turn in turns for side in (turn.a, turn.b) if (reason := _lacks(side)) is not None}


def _lacks(side: SideFacts) -> Reason | None:
    has_text = side.n_chars > 0 if side.has_text is None else side.has_text
    if side.end == "withheld":
        return None  # which is the reason `flagged`
    if side.end == "failed":
        return Reason.FAILED_SIDE
    if side.end == "stopped":
        return None if has_text and side.n_chars >= MIN_SHOWN_CHARS else Reason.STOPPED
    return None if has_text else Reason.NO_ANSWER


def judge_stored(stored: Mapping[str, object], rules: Rules) -> tuple[Reason, ...] | None:
    """Judge the JSON of a vote row. None if it lacks what the rules need, as an imported vote may: the old verdict is
    kept."""
    facts = read_facts(stored)
    return None if facts is None else judge(facts, rules)


def read_facts(stored: Mapping[str, object]) -> Facts | None:
    """Return the facts in the JSON of a vote row; None if they are incomplete or wrong."""
    try:
        return Facts.from_json(stored)
    except (KeyError, TypeError, ValueError):
        return None


def _of(expected: type | tuple[type, ...], value: Any) -> Any:
    """Return a value of that type. A bool is not a number. Raises TypeError."""
    if not isinstance(value, expected) or (isinstance(value, bool) and expected is not bool):
        raise TypeError(f"{value!r} is not of type {expected}")
    return value
