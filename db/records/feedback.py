"""What a voter thinks of the two answers, beside the vote."""

from dataclasses import dataclass
from enum import StrEnum

from db.records.fields import STRICT, StoredText


class Tag(StrEnum):
    """The closed list of reasons for or against one side."""

    USEFUL = "useful"
    CORRECT = "correct"
    COMPLETE = "complete"
    CLEAR = "clear"
    WELL_FORMATTED = "well_formatted"
    WRONG = "wrong"
    SUPERFICIAL = "superficial"
    IGNORES_INSTRUCTIONS = "ignores_instructions"

    @property
    def is_praise(self) -> bool:
        return self not in (Tag.WRONG, Tag.SUPERFICIAL, Tag.IGNORES_INSTRUCTIONS)


@dataclass(frozen=True, slots=True)
class Feedback:
    """The tags of each side, in the order of the list and each once, and a comment on the battle."""

    __pydantic_config__ = STRICT

    a: tuple[Tag, ...] = ()
    b: tuple[Tag, ...] = ()
    comment: StoredText | None = None

    def __bool__(self) -> bool:
        return bool(self.a or self.b or self.comment)


NO_FEEDBACK = Feedback()
