"""What a winner means: a label, or the name of one of the two models.

Labels are the public spellings and those that the caller adds. If a model has the name of a label, a winner with that
text could mean either. Then the file decides: if another winner can only be a label, winners are labels; if another
winner can only be a name, winners are names. If the file has neither or both, such a row is an error until the caller
says what the text means.

    R rows of a chunk
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from db.outcome import Outcome
from elo.battles import Index
from elo.votes.values import ValueProblem, shown

NAME: Literal["name"] = "name"
Meaning = Outcome | Literal["name"]
"""What a text means; "name": it is the name of a model, not a label."""
NO_LABEL, WRONG = -1, -1
_LONGEST_LABEL = 40  # of those that an error shows how to name
_SPELLINGS = "a, model_a, left; b, model_b, right; tie; both_bad, tie (bothbad)"


@dataclass(frozen=True, slots=True)
class Labels:
    """The spellings of a winner; `more` are those of the caller, which come first."""

    more: Mapping[str, Meaning]

    def of(self, value: object) -> int:
        """The outcome's code, or NO_LABEL."""
        for text in _texts(value):
            if (meaning := self.more.get(text)) is not None:
                return NO_LABEL if meaning == NAME else int(meaning)
        try:
            return int(Outcome.parse(str(value)))
        except ValueError:
            return NO_LABEL

    def is_given(self, value: object) -> bool:
        """Whether the caller says what this text means."""
        return any(text in self.more for text in _texts(value))

    def problem(self, column: str, value: object, names: Iterable[str]) -> ValueProblem:
        """The error for a winner that is neither a label nor one of the two names, or could be both."""
        label = self.of(value)
        if label != NO_LABEL and str(value) in names:
            side = Outcome(label).label
            return ValueProblem(
                f"{column} is {shown(value)}, which is a label and also the name of one of the two models; give it a "
                f"meaning: --label '{value}={side}' or --label '{value}=name' "
                f"(in Python, labels={{{str(value)!r}: {side!r}}})"
            )
        more = "; ".join(self.more)
        text = str(value)
        hint = f"; --label '{text}=tie' gives it a meaning (in Python, labels={{{text!r}: 'tie'}})"
        return ValueProblem(
            f"{column} is {shown(value)}; expected one of {_SPELLINGS}{'; ' + more if more else ''}, or the name of "
            f"one of the two models{hint if 0 < len(text) <= _LONGEST_LABEL and isinstance(value, str) else ''}"
        )


def _texts(value: object) -> tuple[str, ...]:
    """The text that a label may have; a whole number may be written with or without a point."""
    if isinstance(value, float) and value.is_integer():
        return str(value), str(int(value))
    return (str(value),)


def decided(
    label: Index, by_name: Index, is_given: NDArray[np.bool_], style: "Style | None"
) -> tuple[Index, NDArray[np.bool_]]:
    """(R,) each: the outcomes, WRONG for none, and whether the row needs a style that is not known.

    `label` is the outcome by label, `by_name` that by name (each -1 for none), `is_given` whether the caller says what
    the text means.
    """
    outcome = np.where(label >= 0, label, by_name)
    is_open = (label >= 0) & (by_name >= 0) & (label != by_name) & ~is_given
    if style == "label":
        return outcome, np.zeros(len(label), dtype=np.bool_)
    if style == "name":
        is_side = is_open & (label <= Outcome.B)
        return np.where(is_side, by_name, outcome), is_open & ~is_side
    return outcome, is_open


Style = Literal["label", "name"]


@dataclass(slots=True)
class Evidence:
    """What the rows of a file say about its winners."""

    has_labels: bool = False
    has_names: bool = False

    def add(self, label: Index, by_name: Index) -> None:
        self.has_labels |= bool(((label >= 0) & (label <= Outcome.B) & (by_name < 0)).any())
        self.has_names |= bool(((label < 0) & (by_name >= 0)).any())

    @property
    def style(self) -> Style | None:
        if self.has_labels == self.has_names:
            return None
        return "label" if self.has_labels else "name"
