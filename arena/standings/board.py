"""A board with what stands around it on the page."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace

from arena.standings.cards import ModelCard
from db.queries import Score
from elo.board.leaderboard import BoardRow, Leaderboard
from elo.board.matrices import Matrices
from elo.estimate import Estimate, Spread


@dataclass(frozen=True, slots=True)
class Board:
    """A board at `revision` of the ledger.

    `leaderboard.rows` are the rated models in order, `leaderboard.unrated` the names without a counted vote, and
    `models` has a card for each of both. The board is made of `n_counted` votes; `n_excluded` do not count, and
    `exclusions` counts them by reason (a vote may have several). `computed_at` is a Unix time in seconds.
    """

    leaderboard: Leaderboard
    models: Mapping[str, ModelCard]
    revision: int
    computed_at: float
    n_counted: int
    n_excluded: int
    exclusions: Mapping[str, int]
    average_win_rates: Mapping[str, float] = field(default_factory=dict)
    """The mean of a model's win rates against each of the models that it met, with equal weights."""
    online: Mapping[str, float] = field(default_factory=dict)
    """Online Elo by model, on the official board alone."""
    scores: Mapping[str, Mapping[str, Score]] = field(default_factory=dict)
    """Of other sources than votes: by task, then by model."""
    fitted: Estimate | None = field(default=None, repr=False, compare=False)
    spread: Spread | None = field(default=None, repr=False, compare=False)
    """What the board was made of, for figures; None with method elo, and without votes."""

    def row(self, model: str) -> BoardRow | None:
        """Return the model's row, or None if it has no counted vote."""
        return next((row for row in self.leaderboard.rows if row.model == model), None)

    def without(self, names: Collection[str]) -> "Board":
        """Return the board without these models among the unrated ones. Rated models stay."""
        listed = tuple(name for name in self.leaderboard.unrated if name not in names)
        return replace(self, leaderboard=replace(self.leaderboard, unrated=listed))

    def matrices(self) -> Matrices | None:
        """Return battles, scores and certainty of each pair, in the order of the rows; None where `fitted` is."""
        if self.fitted is None or self.spread is None:
            return None
        bounds = self.spread.intervals
        found = Matrices.of(
            self.fitted.counted,
            self.fitted.ratings,
            rounds=None if bounds is None else bounds.rounds,
            score=self.fitted.expected_score,
            group=self.fitted.group,
        )
        return found.ordered([row.model for row in self.leaderboard.rows])

    def to_json(self) -> dict[str, object]:
        """Return the JSON of `recompute`, which includes revision and exclusions, with the time and the number of votes
        that do not count."""
        return {**self.leaderboard.to_json(), "computed_at": self.computed_at, "n_excluded": self.n_excluded}
