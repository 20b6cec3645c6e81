"""The values of a votes file: names, outcomes, flags, times and probabilities.

Any other value is an error with the value and what was expected, never a guess.
"""

import math
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from db.outcome import Outcome

FLAGS = ("winner_model_a", "winner_model_b", "winner_tie")
_FLAG_OUTCOMES = (Outcome.A, Outcome.B, Outcome.TIE)
_TRUTHS = {"true": True, "false": False, "1": True, "0": False, "1.0": True, "0.0": False}
_NO_TEXT = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]")  # would break the table, or cannot be written at all
LATEST_S = 1e11
"""The year 5138: a larger number is not a time in seconds, but may be one in milliseconds."""


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


def outcome(values: Sequence[object], labels: Mapping[str, Outcome] | None = None) -> Outcome:
    """From the value of `winner`, or from the values of the three `FLAGS`. `labels` are more spellings of a winner."""
    if len(values) == 1:
        if labels and (found := labels.get(str(values[0]))) is not None:
            return found
        try:
            return Outcome.parse(str(values[0]))
        except ValueError:
            spellings = "a, model_a, left; b, model_b, right; tie; both_bad, tie (bothbad)"
            raise ValueProblem(f"winner is {shown(values[0])}; expected one of {spellings}") from None
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
    if isinstance(value, tuple):
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
    """Seconds since 1970, from such a number, a date, or a date and time (UTC without an offset); NaN for an empty
    value."""
    if value is None or value == "":
        return math.nan
    moment = value
    if isinstance(value, str):
        try:
            moment = float(value)
        except ValueError:
            try:
                moment = datetime.fromisoformat(value.strip())
            except ValueError:
                moment = None
    if isinstance(moment, datetime):
        moment = (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
    if not isinstance(moment, int | float) or isinstance(moment, bool) or not -LATEST_S < moment < LATEST_S:
        raise ValueProblem(f"{column} is {shown(value)}; expected seconds since 1970 or a date such as 2026-01-31")
    return float(moment)


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
