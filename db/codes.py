"""The enumerations that the database stores as small integers.

The outcome is in `outcome`. In files an enumeration is a label. The numbers never change: a new member gets a new
number and a migration for the CHECK. What a member means to a visitor, and when it applies, is for the arena
(`arena.rules.ledger` has the rules of the reasons).
"""

import re
from enum import IntEnum
from typing import Any, Self


class Code(IntEnum):
    """An integer in the database, and a lower-case label elsewhere."""

    @property
    def label(self) -> str:
        return self.name.lower()

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: Any) -> Any:
        """Files have the label."""
        from pydantic_core import core_schema

        to_label = core_schema.plain_serializer_function_ser_schema(lambda member: member.label)
        return core_schema.no_info_plain_validator_function(cls.parse, serialization=to_label)

    @classmethod
    def parse(cls, label: str) -> Self:
        """Return the member with a label. Raises ValueError with the label and all known ones."""
        for member in cls:
            if member.label == label:
                return member
        noun = re.split(r"(?=[A-Z])", cls.__name__)[-1].lower()  # "kind" for BattleKind
        raise ValueError(f"{noun} {label!r} is not one of {', '.join(m.label for m in cls)}")


class BattleKind(Code):
    """The kind of a round. The official board is made from `battle` only."""

    BATTLE = 0
    QUICK = 1
    """A prepared prompt with prepared answers: without rows in turns and answers, because it reads its deck."""
    CONTROL = 2
    """The same model on both sides."""
    NAMED = 3
    """Side by side with the names shown."""
    CHAT = 4
    """One model only: model_b is null."""


class State(Code):
    """The state of a battle. `voted` and `void` are final."""

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
"""Reasons from what people did after the vote, not from its facts. Judging the facts again keeps them."""


class Action(Code):
    """The consequence of a moderator's finding."""

    ALLOWED = 0
    LOGGED = 1
    WARNED = 2
    BLOCKED = 3
