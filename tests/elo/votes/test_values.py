import math
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal

import pytest

from elo.votes import values
from elo.votes.values import ValueProblem


@pytest.mark.parametrize(
    ("said", "seconds"),
    [
        (1.5, 1.5),
        (-3, -3.0),
        (1_700_000_000_250, 1_700_000_000.25),
        ("1700000000250000", 1_700_000_000.25),
        (1_700_000_000_000_000_000, 1_700_000_000.0),
        (date(1970, 1, 2), 86_400.0),
        ("1700000000.25", 1700000000.25),
        ("1970-01-02", 86_400.0),
        ("1970-01-01T01:00", 3_600.0),
        ("1970-01-01 01:00:00.5Z", 3_600.5),
        ("1970-01-01T01:00+01:00", 0.0),
        ("1970/01/01 01:00:00", 3_600.0),
        ("1970-01-01 01:00:00 UTC", 3_600.0),
        (datetime(1970, 1, 2), 86_400.0),  # noqa: DTZ001 (what Parquet has for a time without a zone)
        (datetime(1970, 1, 2, tzinfo=UTC), 86_400.0),
        (datetime(1970, 1, 1, 9, tzinfo=timezone(timedelta(hours=9))), 0.0),
    ],
)
def test_times_are_seconds_or_dates_in_utc(said: object, seconds: float) -> None:
    assert values.time_s("tstamp", said) == seconds


def test_nothing_is_not_known() -> None:
    for nothing in (None, ""):
        assert math.isnan(values.time_s("tstamp", nothing))
        assert math.isnan(values.probability("draw_probability", nothing))
        assert values.label("visitor", nothing) is None
        assert values.truth("counted", nothing, default=True) is True


@pytest.mark.parametrize(
    "said", ["soon", "02/01/1970", "nan", "inf", 1e20, True, (1,), "2026-13-01", float("nan"), Decimal(1)]
)
def test_a_value_that_is_not_a_time_is_refused(said: object) -> None:
    with pytest.raises(ValueProblem, match=r"^tstamp is .*; expected seconds since 1970 or a date such as 2026-01-31$"):
        values.time_s("tstamp", said)


@pytest.mark.parametrize("said", ["0", 0, -0.1, "1.01", "x", "nan", True, ("1",)])
def test_a_value_that_is_not_a_probability_is_refused(said: object) -> None:
    with pytest.raises(ValueProblem, match=r"^p is .*; expected a number above 0 and at most 1$"):
        values.probability("p", said)


def test_probabilities_and_labels_are_taken_as_numbers_and_text() -> None:
    assert [values.probability("p", said) for said in ("0.25", 1, 0.5)] == [0.25, 1.0, 0.5]
    assert [values.label("visitor", said) for said in ("ann", 7)] == ["ann", "7"]
    with pytest.raises(ValueProblem, match=r"^visitor is True; expected text$"):
        values.label("visitor", True)


def test_reasons_are_a_list_or_text() -> None:
    assert values.reasons(("banned", "withdrawn")) == ("banned", "withdrawn")
    assert values.reasons("banned; withdrawn,stopped  control") == ("banned", "withdrawn", "stopped", "control")
    assert values.reasons(None) == values.reasons("") == ()


def test_a_long_value_is_shown_short() -> None:
    assert values.shown(None) == "missing"
    assert values.shown("x" * 99) == f"'{'x' * 56}..."
