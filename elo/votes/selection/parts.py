"""Votes divided by the values of a column, such as one part for each language.

A vote with a list, such as tags, is in the part of each of its texts. A part has the votes, and leaves out those, that
the condition COLUMN=VALUE chooses and leaves out.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from elo.battles import Votes
from elo.votes.selection.wanted import LeftOut, Tally
from elo.votes.selection.where import Condition

MOST_PARTS = 100


class PartsError(ValueError):
    """The column has no values, or too many for one board each."""


@dataclass(frozen=True, slots=True)
class Part:
    """The votes with one value."""

    value: str
    """"" for votes without one."""
    condition: Condition
    votes: Votes
    excluded: Mapping[str, int]
    """Votes with this value that do not count, by reason."""
    n_others: int
    """Votes that the conditions leave out: with another value, or before the votes were divided."""


def parts(votes: Votes, tally: Tally, by: str) -> tuple[Part, ...]:
    """The parts by the column `by` of `votes.further`, those with the most votes first. `tally` is that of reading them
    with this `by`.

    Raises PartsError for more than 100 values, and where no vote has one.
    """
    chosen = votes.further[by].texts()
    if not chosen.keys() - {""}:
        raise PartsError(f"no vote has a value in the column {by}; divide the votes by another one")
    if len(chosen) > MOST_PARTS:
        shown = ", ".join(list(chosen)[:5])
        raise PartsError(
            f"the column {by} has {len(chosen):,} values ({shown}, ...), and there are at most {MOST_PARTS} boards; "
            "use a column with fewer values, or choose some votes by a condition"
        )
    n_met = len(votes) + tally.n_excluded
    found = []
    for value, rows in chosen.items():
        out, own = tally.by_text.get(value, LeftOut()), votes.select(rows)
        n_others = tally.n_other_values + n_met - len(own) - out.n_rows
        found.append(Part(value, Condition(by, "=", value), own, dict(out.excluded), n_others))
    return tuple(found)
