"""Which votes count, and why not when they do not: the closed list, each reason with its rule. Pure.

Every vote is stored with its *facts*: what these rules saw, as plain JSON, so that a change of a rule is a
recomputation (`python -m arena admin recompute-verdicts`). A vote counts exactly when no reason applies.

    no_answer          in some turn a side's last attempt ended without any text: empty or white, filtered before any
                       text, tool calls only
    failed_side        in some turn a side's last attempt ended broken or timed out, or a filter cut it after some text
    stopped            in some turn the visitor stopped before 100 characters of a side still unfinished were shown
    identical_answers  outcome a or b, though both sides answered the same in every turn (`are_identical`; as a tie
                       these count). The arena refuses such votes; older and imported ones are there
    identity_leak      an answer names its own model (`arena.rules.identity`)
    named              the names were shown: side by side, or chat
    named_probe        the visitor asked a page with names the same prompt within the 24 h before
    control            both sides were the same model
    rate_limited       the visitor had cast `votes_per_hour` in the hour before, or voted within `min_read_s` of the
                       answers' end
    flagged            moderation flagged the battle

Three reasons are no matter of facts; the database adds them and takes them away:

    banned             the visitor is banned
    withdrawn          the voter took the vote back
    unusual_voter      the votes of this voter look like no honest voter's, where an admin turned that on

An answer that was cut at the token limit counts, and so does one that was asked for without a parameter that its
endpoint does not take.

Facts of version 1 do not say whether an answer has text; there, one of 0 characters has none. Where the answers are
still stored, the recomputation looks at them instead.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal, get_args

from arena.players.events import visible_text
from arena.rules.limits import MIN_SHOWN_CHARS
from db.codes import BattleKind, Reason, Side
from db.outcome import Outcome

RULES_VERSION = 2

End = Literal["done", "stopped", "failed"]


@dataclass(frozen=True, slots=True)
class Rules:
    """The numbers that the rules take from the settings."""

    votes_per_hour: int
    min_read_s: float


@dataclass(frozen=True, slots=True)
class SideFacts:
    """How a side's last attempt at a turn ended, how many characters of it were shown, and whether there was anything
    to read in them (None in facts of version 1)."""

    end: End
    n_chars: int
    has_text: bool | None = None

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> "SideFacts":
        """Raises KeyError, TypeError or ValueError."""
        end, has_text = stored["end"], stored.get("has_text")
        if end not in get_args(End):
            raise ValueError(f"end {end!r} is not one of {', '.join(get_args(End))}")
        return cls(end, _of(int, stored["n_chars"]), None if has_text is None else _of(bool, has_text))


@dataclass(frozen=True, slots=True)
class TurnFacts:
    """Both sides of one turn; `is_identical` when their texts are the same (`same_text`)."""

    a: SideFacts
    b: SideFacts
    is_identical: bool

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> "TurnFacts":
        """Raises KeyError, TypeError or ValueError."""
        return cls(
            SideFacts.from_json(stored["a"]), SideFacts.from_json(stored["b"]), _of(bool, stored["is_identical"])
        )


@dataclass(frozen=True, slots=True)
class Facts:
    """What the rules see of a vote.

    `leaking` are the sides ("a", "b") with an answer that names its model. `n_votes_before`: votes of this visitor
    in the hour before. `read_s`: seconds between the end of the answers and the vote, None where nobody knows any
    more.
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
        """Whether they do not say of every side if it has text."""
        return any(side.has_text is None for turn in self.turns for side in (turn.a, turn.b))

    def to_json(self) -> dict[str, Any]:
        """As plain JSON, what a vote row keeps."""
        return asdict(self)

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> "Facts":
        """The inverse, also of facts of version 1. Raises KeyError, TypeError or ValueError where something is missing
        that the rules need, or is not what it should be: an import brings any JSON."""
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
    """Whether a reader sees the same in both: equal but for what is invisible at the ends, and for the sort of line
    ends."""
    return visible_text(a) == visible_text(b)


def are_identical(turns: Sequence[TurnFacts]) -> bool:
    """Whether both sides answered the same in every turn: each has an answer to compare, and the texts are equal.

    What the page announces, which votes the arena refuses and the reason `identical_answers` are all this.
    """
    return bool(turns) and all(turn.is_identical for turn in turns) and not lacking(turns)


def judge(facts: Facts, rules: Rules) -> tuple[Reason, ...]:
    """Why the vote does not count, sorted by code; empty when it counts."""
    is_decided = Outcome.parse(facts.outcome) in (Outcome.A, Outcome.B)
    is_hasty = facts.read_s is not None and facts.read_s < rules.min_read_s
    kind = BattleKind.parse(facts.kind)
    applies = {
        Reason.IDENTICAL_ANSWERS: is_decided and are_identical(facts.turns),
        Reason.IDENTITY_LEAK: bool(facts.leaking),
        Reason.NAMED: kind in (BattleKind.NAMED, BattleKind.CHAT),
        Reason.NAMED_PROBE: facts.is_named_probe,
        Reason.CONTROL: kind is BattleKind.CONTROL,
        Reason.RATE_LIMITED: facts.n_votes_before >= rules.votes_per_hour or is_hasty,
        Reason.FLAGGED: facts.is_flagged,
    }
    return tuple(sorted({*lacking(facts.turns), *(reason for reason, holds in applies.items() if holds)}))


def lacking(turns: Sequence[TurnFacts]) -> set[Reason]:
    """Why the answers cannot be compared: the reasons that no outcome of a vote could change; often none."""
    return {reason for turn in turns for side in (turn.a, turn.b) if (reason := _lacks(side)) is not None}


def _lacks(side: SideFacts) -> Reason | None:
    has_text = side.n_chars > 0 if side.has_text is None else side.has_text
    if side.end == "failed":
        return Reason.FAILED_SIDE
    if side.end == "stopped":
        return None if has_text and side.n_chars >= MIN_SHOWN_CHARS else Reason.STOPPED
    return None if has_text else Reason.NO_ANSWER


def judge_stored(stored: Mapping[str, object], rules: Rules) -> tuple[Reason, ...] | None:
    """The same from a vote row's JSON; None where it does not hold what the rules need (an imported vote, say): the
    old verdict stands."""
    facts = read_facts(stored)
    return None if facts is None else judge(facts, rules)


def read_facts(stored: Mapping[str, object]) -> Facts | None:
    """The facts that a vote row's JSON holds; None where they are not whole, or make no sense."""
    try:
        return Facts.from_json(stored)
    except (KeyError, TypeError, ValueError):
        return None


def _of(expected: type | tuple[type, ...], value: Any) -> Any:
    """The value, where it is one of that type; a flag is no number."""
    if not isinstance(value, expected) or (isinstance(value, bool) and expected is not bool):
        raise TypeError(f"{value!r} is not of type {expected}")
    return value
