"""Shares of votes, with intervals that allow for several votes of one voter."""

from dataclasses import asdict, dataclass
from math import sqrt

from elo.battles import Floats
from elo.fit.pointwise import pointwise

_Z = pointwise(0.95)
_FEW_VOTERS = 20  # too few to estimate from them how voters differ


@dataclass(frozen=True, slots=True)
class Share:
    """`hits` of `n`, with a 95 % interval of the share; 0 to 1 if n is 0."""

    hits: int
    n: int
    low: float
    high: float

    @property
    def share(self) -> float | None:
        return self.hits / self.n if self.n else None

    @classmethod
    def of(cls, hits: int, n: int) -> "Share":
        """For independent votes: Wilson's interval. 0 of 10: 0 to 0.28."""
        if not n:
            return cls(0, 0, 0.0, 1.0)
        square = _Z**2
        middle, reach = hits + square / 2, _Z * sqrt(hits * (n - hits) / n + square / 4)
        return cls(hits, n, max(0.0, (middle - reach) / (n + square)), min(1.0, (middle + reach) / (n + square)))

    @classmethod
    def by_voter(cls, hits: Floats, n: Floats) -> "Share":
        """For voters with different habits, (U,) each: the share of all votes, with an error from how voters differ
        (ratio estimator, one cluster for each voter). With fewer than 20 voters, as for independent votes. If all
        voters do the same, as for that many voters with one vote each (0 of 124: 0 to 0.03)."""
        total = cls.of(int(hits.sum()), int(n.sum()))
        U = int((n > 0).sum())
        if U < _FEW_VOTERS or total.share is None:
            return total
        if total.hits in (0, total.n):
            alike = cls.of(U * (total.hits > 0), U)
            return cls(total.hits, total.n, alike.low, alike.high)
        residuals = hits - total.share * n
        reach = _Z * sqrt(U / (U - 1) * float((residuals**2).sum())) / total.n
        return cls(total.hits, total.n, max(0.0, total.share - reach), min(1.0, total.share + reach))

    def to_json(self) -> dict[str, float | int | None]:
        return {"share": self.share, **asdict(self)}
