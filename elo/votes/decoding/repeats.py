"""Battles that were read before, as when the same export is given twice.

Only the lines of our exports name their battle, one vote each (`Layout.battle`), or those of a file whose column the
caller names. In other files two voters may have judged one battle, so a column `battle` has no meaning there.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from elo.battles import Index

Mask = NDArray[np.bool_]


@dataclass(slots=True)
class Repeats:
    """The battles of all files so far, each with the code of its first vote: equal votes have equal codes."""

    _votes: dict[object, int] = field(default_factory=dict)

    def of(self, battles: Sequence[object], votes: Index, rows: Mask) -> tuple[Mask, Mask]:
        """(R,) each: whether the row repeats a battle, and whether its vote is another one than the first. `battles`
        are the names, None or "" for a row without one, `votes` the codes (R,); only these `rows` (R,) are looked
        at."""
        repeats, differs = np.zeros(len(rows), dtype=np.bool_), np.zeros(len(rows), dtype=np.bool_)
        distinct = set(battles)
        is_all_new = len(distinct) == len(battles) and self._votes.keys().isdisjoint(distinct)
        if is_all_new and rows.all() and distinct.isdisjoint((None, "")):
            self._votes.update(zip(battles, votes.tolist(), strict=True))
            return repeats, differs
        for row in np.flatnonzero(rows).tolist():
            battle, vote = battles[row], int(votes[row])
            if battle not in (None, ""):
                first = self._votes.setdefault(battle, -1)
                if first == -1:
                    self._votes[battle] = vote
                else:
                    repeats[row], differs[row] = True, first != vote
        return repeats, differs
