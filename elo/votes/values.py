"""The values of a votes file: names, outcomes, flags, times and probabilities.

Any other value is an error with the value and what was expected, never a guess.
"""

import math
import re
from collections.abc import Sequence
from datetime import UTC, date, datetime

import numpy as np

from db.outcome import Outcome
from elo.battles import Floats

FLAGS = ("winner_model_a", "winner_model_b", "winner_tie")
_FLAG_OUTCOMES = (Outcome.A, Outcome.B, Outcome.TIE)
_TRUTHS = {"true": True, "false": False, "1": True, "0": False, "1.0": True, "0.0": False}
_NO_TEXT = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]")  # would break the table, or cannot be written at all
_SLASHES = re.compile(r"(\d{4})/(\d{2})/(\d{2})")
_UTC = re.compile(r" ?(UTC|GMT)$")
_LATEST_S = 1e11
"""The year 5138: larger numbers are milliseconds, microseconds from 1e14, and nanoseconds from 1e17."""
_LATEST = 1e20
MOST_VOTES = 10**12
"""Of one row."""


class ValueProblem(ValueError):
    """The error in a value; the caller adds the place."""


def model_name(column: str, value: object) -> str:
    """The name; an integer is taken as text."""
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    if not isinstance(value, str) or not value.strip():
        raise ValueProblem(f"{column} is {shown(value)}; expected the name of a model")
    if _NO_TEXT.search(value):
        raise ValueProblem(f"{column} is {shown(value)}; expected a name without control characters")
    return value


def flags_outcome(values: Sequence[object]) -> Outcome:
    """From the values of the three `FLAGS`."""
    flags = [truth(column, value, default=None) for column, value in zip(FLAGS, values, strict=True)]
    if sum(flags) != 1:
        raise ValueProblem(f"{', '.join(FLAGS)} are {', '.join(map(shown, values))}; expected exactly one 1")
    return _FLAG_OUTCOMES[flags.index(True)]


def truth(column: str, value: object, *, default: bool | None) -> bool:
    """`default` for an empty value; None: a value is required."""
    if value in (None, "") and default is not None:
        return default
    found = _TRUTHS.get(str(value).strip().lower())
    if found is None:
        raise ValueProblem(f"{column} is {shown(value)}; expected true or false")
    return found


def reasons(value: object) -> tuple[str, ...]:
    """A list, or text with the reasons separated by spaces, commas or semicolons."""
    if isinstance(value, tuple | list):
        return tuple(map(str, value))
    return tuple(str(value).replace(",", " ").replace(";", " ").split()) if value else ()


def label(column: str, value: object) -> str | None:
    """The text that names a voter or a pair, None for an empty value."""
    if value is None or value == "":
        return None
    if not isinstance(value, str | int) or isinstance(value, bool):
        raise ValueProblem(f"{column} is {shown(value)}; expected text")
    return str(value)


def time_s(column: str, value: object) -> float:
    """Seconds since 1970, from such a number, a date (year first), or a date and time (UTC without an offset); NaN for
    an empty value. A number from 1e11 is taken as milliseconds, from 1e14 as microseconds, from 1e17 as nanoseconds."""
    if value is None or value == "":
        return math.nan
    moment = value
    if isinstance(value, str):
        try:
            moment = float(value)
        except ValueError:
            try:
                text = _SLASHES.sub(r"\1-\2-\3", value.strip(), count=1)
                moment = datetime.fromisoformat(_UTC.sub("+00:00", text))
            except ValueError:
                moment = None
    if isinstance(moment, date) and not isinstance(moment, datetime):
        moment = datetime(moment.year, moment.month, moment.day, tzinfo=UTC)
    if isinstance(moment, datetime):
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
    if not isinstance(moment, int | float) or isinstance(moment, bool) or not abs(moment) < _LATEST:
        raise ValueProblem(f"{column} is {shown(value)}; expected seconds since 1970 or a date such as 2026-01-31")
    return float(in_seconds(np.array([moment], dtype=np.float64))[0])


def in_seconds(times: Floats) -> Floats:
    """(n,): times since 1970 in seconds; their unit is told by their size, as in `time_s`, and NaN beyond all units."""
    size = np.abs(times)
    unit = np.select([size < _LATEST_S, size < 1e14, size < 1e17, size < _LATEST], [1.0, 1e3, 1e6, 1e9], np.nan)
    seconds: Floats = times / unit
    return seconds


_IGNORED = "--columns count= (in Python, columns={'count': ''}) ignores the column"


def count(column: str, value: object) -> int:
    """The number of votes that a row stands for."""
    number = number_or_nan(value)
    if math.isfinite(number) and not number.is_integer():
        raise ValueProblem(
            f"{column} is {shown(value)}; expected a whole number of votes, because parts of votes would make the "
            f"intervals wrong; {_IGNORED}"
        )
    if not 0 <= number <= MOST_VOTES:
        raise ValueProblem(f"{column} is {shown(value)}; expected a whole number of votes from 0 to 1e12; {_IGNORED}")
    return int(number)


def probability(column: str, value: object) -> float:
    """Above 0 and at most 1; NaN for an empty value."""
    if value is None or value == "":
        return math.nan
    number = number_or_nan(value)
    if not 0 < number <= 1:
        raise ValueProblem(f"{column} is {shown(value)}; expected a number above 0 and at most 1")
    return number


def number_or_nan(value: object) -> float:
    """A number, also as text; NaN for anything else."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return math.nan
    try:
        return float(value)
    except (ValueError, OverflowError):
        return math.nan


def shown(value: object) -> str:
    if value is None:
        return "missing"
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
