"""Conditions that choose votes by their columns, such as `language=ko` or `n_turns>=2`.

    =   the cell is that text, number, time, true or false, or a list that has the text; nothing after =: it is empty
    !=  the opposite of =, so also true of empty cells and lists without the value
    >=  <=  the cell is a number or a time, at least or at most the value; never true of an empty cell

A value between double quotes is taken as it is: `tags="=x"` is the tag =x, and `tags=""` no tag.
Numbers are equal however they are written (2 and 2.0), and so are true and True; within a list they are different
texts, because the tags 2 and 2.0 are two tags. Times are those of the columns tstamp, timestamp and opened_at, or of
any column that is compared with a date such as 2026-01-31.
"""

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal, Self, cast

from elo.columns import Cell, number
from elo.votes import values
from elo.votes.dialects.layout import TIME

_WRITTEN = re.compile(r"\s*(.*?)\s*(!=|>=|<=|=)\s*(.*?)\s*", re.DOTALL)
_TIMES = (*TIME, "opened_at")
EXAMPLES = "language=ko, winner!=tie, n_turns>=2 or tstamp<=2026-01-31"

Operator = Literal["=", "!=", ">=", "<="]


class ConditionError(ValueError):
    """The condition has no meaning, alone or for the value that it met."""


@dataclass(frozen=True, slots=True)
class Condition:
    """Of one column. `str` is how it is written."""

    column: str
    operator: Operator
    value: str

    @classmethod
    def parse(cls, text: str) -> Self:
        """Raises ConditionError."""
        found = _WRITTEN.fullmatch(text)
        column, operator, value = found.groups() if found else ("", "", "")
        if not column or value.startswith("=") or column.endswith(("<", ">", "!")):
            raise ConditionError(f"{text!r} is not a condition; expected COLUMN=VALUE, or !=, >= or <=: {EXAMPLES}")
        if _is_quoted(value):
            value = value[1:-1]
        one = cls(column, cast(Operator, operator), value)
        if one.is_order and math.isnan(one._size(value)):
            raise ConditionError(
                f"{text!r} compares by {operator} with {value!r}, which is neither a number nor a date; use = or !="
            )
        return one

    def __str__(self) -> str:
        value = self.value
        needs_quotes = value.startswith("=") or value != value.strip() or _is_quoted(value)
        return f'{self.column}{self.operator}"{value}"' if needs_quotes else f"{self.column}{self.operator}{value}"

    @property
    def is_order(self) -> bool:
        return self.operator in (">=", "<=")

    def holds(self, one: Cell) -> bool:
        """Whether it is true of a cell. Raises ConditionError where >= or <= meets a list, or text without order."""
        if not self.is_order:
            is_equal = self.value in one if isinstance(one, tuple) else self._equals(one)
            return is_equal == (self.operator == "=")
        if one == "":
            return False
        size = math.nan if isinstance(one, tuple) else self._size(one)
        if math.isnan(size):
            kind = "a time" if self._is_of_times else "a number"
            shown = values.shown(list(one) if isinstance(one, tuple) else one)
            raise ConditionError(f"{self.column} is {shown}, but {self} needs {kind}; use = or !=")
        bound = self._size(self.value)
        return size >= bound if self.operator == ">=" else size <= bound

    def _equals(self, text: str) -> bool:
        if text == self.value:
            return True
        if not text or not self.value:
            return False
        if self._is_of_times:
            return self._size(text) == self._size(self.value)
        a, b = number(text), number(self.value)
        if a != b:  # also where one is no number
            return False
        try:
            return Decimal(text) == Decimal(self.value)  # whole numbers beyond the digits of a float
        except ArithmeticError:  # true and false
            return True

    @property
    def _is_of_times(self) -> bool:
        return self.column in _TIMES or (math.isnan(number(self.value)) and not math.isnan(_time(self.value)))

    def _size(self, text: str) -> float:
        """The number or time, NaN for other text."""
        return _time(text) if self._is_of_times else number(text)


def _is_quoted(value: str) -> bool:
    return len(value) > 1 and value[0] == value[-1] == '"'


def _time(text: str) -> float:
    try:
        return values.time_s("it", text)
    except values.ValueProblem:
        return math.nan


def parse_all(texts: Sequence[str]) -> tuple[Condition, ...]:
    """Raises ConditionError."""
    return tuple(map(Condition.parse, texts))
