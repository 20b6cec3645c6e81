"""Which votes count, and why not when they do not: the closed list, each reason with its rule. Pure.

Every vote is stored with its *facts*: what these rules saw, as plain JSON, so that a change of a rule is a
recomputation (`db.queries.recompute_verdicts(tx, lambda facts: judge_stored(facts, rules),
rules_version=RULES_VERSION)`) and needs no text. A vote counts exactly when no reason applies.

    failed_side        in some turn a side's last attempt ended broken or timed out
    stopped            in some turn the visitor stopped before 100 characters of a side still unfinished were shown
    identical_answers  outcome a or b, though both sides answered the same in every turn (as a tie these count)
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

An answer that was cut at the token limit counts.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal

from db.codes import Kind, Reason
from db.outcome import Outcome

RULES_VERSION = 1
MIN_SHOWN_CHARS = 100
NAMED_PROBE_WINDOW_S = 24 * 3600.0

End = Literal["done", "stopped", "failed"]


@dataclass(frozen=True, slots=True)
class Rules:
    """The numbers that the rules take from the settings."""

    votes_per_hour: int
    min_read_s: float


@dataclass(frozen=True, slots=True)
class SideFacts:
    """How a side's last attempt at a turn ended, and how many characters of it were shown."""

    end: End
    n_chars: int


@dataclass(frozen=True, slots=True)
class TurnFacts:
    """Both sides of one turn; `is_identical` when their texts are equal but for white space at the ends."""

    a: SideFacts
    b: SideFacts
    is_identical: bool


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

    def to_json(self) -> dict[str, Any]:
        """As plain JSON, what a vote row keeps."""
        return asdict(self)

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> "Facts":
        """The inverse. Raises KeyError or TypeError where something is missing that the rules need."""
        turns = tuple(
            TurnFacts(SideFacts(**turn["a"]), SideFacts(**turn["b"]), turn["is_identical"]) for turn in stored["turns"]
        )
        return cls(**{**stored, "turns": turns, "leaking": tuple(stored["leaking"])})


def judge(facts: Facts, rules: Rules) -> tuple[Reason, ...]:
    """Why the vote does not count, sorted by code; empty when it counts."""
    sides = [side for turn in facts.turns for side in (turn.a, turn.b)]
    is_decided = Outcome.parse(facts.outcome) in (Outcome.A, Outcome.B)
    is_identical = bool(facts.turns) and all(turn.is_identical for turn in facts.turns)
    is_hasty = facts.read_s is not None and facts.read_s < rules.min_read_s
    kind = Kind.parse(facts.kind)
    applies = {
        Reason.FAILED_SIDE: any(side.end == "failed" for side in sides),
        Reason.STOPPED: any(side.end == "stopped" and side.n_chars < MIN_SHOWN_CHARS for side in sides),
        Reason.IDENTICAL_ANSWERS: is_decided and is_identical,
        Reason.IDENTITY_LEAK: bool(facts.leaking),
        Reason.NAMED: kind in (Kind.NAMED, Kind.CHAT),
        Reason.NAMED_PROBE: facts.is_named_probe,
        Reason.CONTROL: kind is Kind.CONTROL,
        Reason.RATE_LIMITED: facts.n_votes_before >= rules.votes_per_hour or is_hasty,
        Reason.FLAGGED: facts.is_flagged,
    }
    return tuple(sorted(reason for reason, holds in applies.items() if holds))


def judge_stored(stored: Mapping[str, object], rules: Rules) -> tuple[Reason, ...] | None:
    """The same from a vote row's JSON; None where it does not hold what the rules need (an imported vote, say): the
    old verdict stands."""
    try:
        facts = Facts.from_json(stored)
    except (KeyError, TypeError):
        return None
    return judge(facts, rules)
