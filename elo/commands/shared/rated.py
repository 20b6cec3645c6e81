"""The board of a command's votes, and its figures."""

import argparse
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from elo.battles import Votes
from elo.commands.shared.facts import QUANTITIES, ModelFacts, quantity
from elo.commands.shared.failures import CommandError
from elo.commands.shared.progress import Progress
from elo.commands.shared.sources import Found, time_text
from elo.settings import Settings

if TYPE_CHECKING:  # these modules load slowly
    from elo.board.leaderboard import Leaderboard
    from elo.estimate import Estimate, Spread


@dataclass(frozen=True, slots=True)
class Rated:
    """A board with what it was made from; `fitted` and `spread` are None with method elo."""

    board: "Leaderboard"
    fitted: "Estimate | None"
    spread: "Spread | None"
    dated: Votes | None
    """The votes with their times, for the ratings over time."""
    facts: Mapping[str, ModelFacts]
    """What is known of the models beside their votes."""

    def draw(self, folder: Path, *, top: int | None = None) -> None:
        """Write the figures, with charts of the first `top` models (None: as usual). Raises CommandError."""
        from elo.board.matrices import Matrices
        from elo.board.over_time import days_of, rated_days
        from elo.board.plots import TOP, write_figures

        matrices = None
        if self.fitted is not None and self.spread is not None:
            fitted, bounds = self.fitted, self.spread.intervals
            matrices = Matrices.of(
                fitted.counted,
                fitted.ratings,
                rounds=None if bounds is None else bounds.rounds,
                score=fitted.expected_score,
                group=fitted.group,
            )
        try:
            write_figures(
                folder,
                self.board,
                matrices,
                top=TOP if top is None else top,
                over_time=rated_days(() if self.dated is None else days_of(self.dated), self.board.settings),
                quantities={name: quantity(name, self.facts) for name in QUANTITIES},
            )
        except OSError as error:
            raise CommandError(f"the figures cannot be written to {folder}: {error.strerror or error}") from error


def rated(found: Found, settings: Settings, arguments: argparse.Namespace, progress: Progress) -> Rated:
    """Rate the votes. Raises CommandError where there are none, and what `estimate` raises."""
    from elo import estimate
    from elo.board.leaderboard import board_from, rate_online

    if not found.has_votes:
        raise CommandError(found.nothing)
    fitted, spread = None, None
    if settings.method == "elo":
        assert isinstance(found.data, Votes)
        board = rate_online(found.data, settings, listed=found.listed)
    else:
        fitted = estimate.fit(found.data, settings)
        spread = estimate.spread(fitted, progress=progress.rounds)
        board = board_from(fitted, spread, listed=found.listed)
    board = board.sourced(
        revision=found.revision,
        excluded=found.excluded,
        kind=found.kind,
        since=time_text(arguments.since),
        until=time_text(arguments.until),
        where=found.where,
        where_left_out=found.n_others,
    )
    return Rated(board, fitted, spread, found.dated, found.facts)
