"""A model's record: shares of the points with intervals, and where it is strong or weak.

A share is of points: a win is one, a tie or a vote for neither is half. Its interval is Wilson's, as if every vote were
won or lost, so ties make it a little too wide.

A tag is compared with all of the model's battles, *within each rival*, because a model may have met its hard rivals
more often under one tag than under another. Against a rival, with n of the N battles under the tag, the difference of
the shares is d = (1 - n/N)(s - s'), where s' is the share without the tag. The tag's difference is the mean of d, each
rival weighing n; rivals met only under the tag say nothing and are left out. Its standard error takes one variance of
the points of a vote from all of the model's votes. The interval holds for all tags of the model at once
(Bonferroni), so that a model with thirty tags is not called strong in one by chance: with 30 tags and no true
difference, some tag is called strong or weak on at most 5 % of the pages.

    >>> whole = [RivalRecord("wren", wins=50, losses=50)]
    >>> tags = compared(whole, {"code": [RivalRecord("wren", wins=40, losses=10)]})
    >>> tags[0].verdict, round(tags[0].difference, 2)
    ('strong', 0.3)
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import NormalDist
from typing import Literal

from db.queries import RivalRecord

LEVEL = 0.95
LEAST_VOTES = 30
"""Votes under a tag without which its difference is not judged: the errors are those of large numbers."""


@dataclass(frozen=True, slots=True)
class Share:
    """A share of the points of `n` votes, with its interval."""

    n: int
    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class AgainstRival:
    """The counts are seen from the model."""

    record: RivalRecord
    share: Share


@dataclass(frozen=True, slots=True)
class TagShare:
    """`difference` is to the model's share of all its battles against the same rivals; `low` and `high` bound it, for
    all tags at once. All are None where there are too few votes."""

    tag: str
    share: Share
    difference: float | None = None
    low: float | None = None
    high: float | None = None

    @property
    def verdict(self) -> Literal["strong", "weak"] | None:
        """Only where the interval of the difference leaves zero out."""
        if self.low is not None and self.low > 0:
            return "strong"
        return "weak" if self.high is not None and self.high < 0 else None


def points_of(record: RivalRecord) -> float:
    return record.wins + (record.ties + record.both_bad) / 2


def share_of(records: Sequence[RivalRecord]) -> Share:
    """Return the share of at least one vote.

    >>> found = share_of([RivalRecord("wren", wins=5, losses=5)])
    >>> found.value, round(found.low, 4), round(found.high, 4)
    (0.5, 0.2366, 0.7634)
    """
    n = sum(record.counted for record in records)
    value = sum(map(points_of, records)) / n
    z = NormalDist().inv_cdf((1 + LEVEL) / 2)
    middle = (value + z * z / (2 * n)) / (1 + z * z / n)
    reach = z / (1 + z * z / n) * math.sqrt(value * (1 - value) / n + z * z / (4 * n * n))
    return Share(n, value, max(0.0, middle - reach), min(1.0, middle + reach))


def against(records: Sequence[RivalRecord]) -> tuple[AgainstRival, ...]:
    """Return the record against each rival, most battles first, then by name."""
    found = [AgainstRival(record, share_of([record])) for record in records if record.counted]
    return tuple(sorted(found, key=lambda one: (-one.share.n, one.record.rival)))


def compared(records: Sequence[RivalRecord], by_tag: Mapping[str, Sequence[RivalRecord]]) -> tuple[TagShare, ...]:
    """Return the model's tags: those that are strong and weak by their difference, then the others by votes."""
    whole = {record.rival: record for record in records}
    n_votes = sum(record.counted for record in records)
    used = {tag: rows for tag, rows in by_tag.items() if sum(row.counted for row in rows)}
    n_judged = sum(sum(row.counted for row in rows) >= LEAST_VOTES for rows in used.values())
    if not n_votes or not used:
        return ()
    mean = sum(map(points_of, records)) / n_votes
    squares = sum(record.wins + (record.ties + record.both_bad) / 4 for record in records) / n_votes
    variance = max(squares - mean * mean, 0.0)
    z = NormalDist().inv_cdf(1 - (1 - LEVEL) / 2 / max(n_judged, 1))
    found = [_compared(tag, rows, whole, variance, z) for tag, rows in used.items()]
    order = {"strong": 0, None: 1, "weak": 2}
    return tuple(
        sorted(
            found,
            key=lambda one: (
                order[one.verdict],
                -(one.difference or 0.0) if one.verdict else -one.share.n,
                one.tag,
            ),
        )
    )


def _compared(
    tag: str, rows: Sequence[RivalRecord], whole: Mapping[str, RivalRecord], variance: float, z: float
) -> TagShare:
    share = share_of(rows)
    weighed, total, error = 0.0, 0, 0.0
    for row in rows:
        n, every = row.counted, whole[row.rival]
        others = every.counted - n
        if not n or others <= 0:
            continue
        rest = (points_of(every) - points_of(row)) / others
        part = others / every.counted
        weighed += n * part * (points_of(row) / n - rest)
        error += n * n * part * part * variance * (1 / n + 1 / others)
        total += n
    if total < LEAST_VOTES or not variance:
        return TagShare(tag, share)
    difference, reach = weighed / total, z * math.sqrt(error) / total
    return TagShare(tag, share, difference, difference - reach, difference + reach)
