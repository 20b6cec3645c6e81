"""Every enumeration that is stored, but the outcome: small integers in the tables, labels in files.

The numbers are for ever: a new member gets a new number and a migration for the CHECK. What a member means to a
visitor, and when it applies, is the arena's business (the reasons' rules and sentences: `arena.rules.ledger`).
"""

from enum import IntEnum
from typing import Self


class Code(IntEnum):
    """An integer in the database, a lower-case label everywhere else."""

    @property
    def label(self) -> str:
        return self.name.lower()

    @classmethod
    def parse(cls, label: str) -> Self:
        """The member of that label. Raises ValueError, naming the label and all that are known."""
        for member in cls:
            if member.label == label:
                return member
        raise ValueError(f"{cls.__name__.lower()} {label!r} is not one of {', '.join(m.label for m in cls)}")


class Kind(Code):
    """What sort of round it was. Only `battle` makes the official board."""

    BATTLE = 0
    QUICK = 1
    """A prepared prompt with prepared answers: no rows in turns and answers, it reads its deck."""
    CONTROL = 2
    """The same model on both sides."""
    NAMED = 3
    """Side by side with the names shown."""
    CHAT = 4
    """One model only: model_b is null."""


class State(Code):
    """Where a battle stands. `voted` and `void` are final."""

    OPEN = 0
    VOTABLE = 1
    VOTED = 2
    VOID = 3


class Side(Code):
    A = 0
    B = 1


class Policy(Code):
    """How the pair was drawn."""

    UNIFORM = 0
    BALANCED = 1
    ADAPTIVE = 2


class Reason(Code):
    """Why a vote does not count. A vote counts when it has none."""

    FAILED_SIDE = 0
    STOPPED = 1
    IDENTICAL_ANSWERS = 2
    IDENTITY_LEAK = 3
    NAMED = 4
    NAMED_PROBE = 5
    CONTROL = 6
    RATE_LIMITED = 7
    FLAGGED = 8
    BANNED = 9
    WITHDRAWN = 10
    UNUSUAL_VOTER = 11
    NO_ANSWER = 12


STANDING_REASONS = frozenset({Reason.BANNED, Reason.WITHDRAWN, Reason.UNUSUAL_VOTER})
"""Reasons that follow from what people did after the vote, not from the vote's facts: judging the facts again keeps
them."""


class Action(Code):
    """What a moderator's finding led to."""

    ALLOWED = 0
    LOGGED = 1
    WARNED = 2
    BLOCKED = 3
