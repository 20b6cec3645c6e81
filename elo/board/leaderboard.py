"""The board that the web shows and `recompute` prints."""

import csv
import hashlib
import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields, replace

import numpy as np

from db.outcome import Outcome
from elo import estimate, online
from elo.battles import Cells, Floats, Index, Pairs, Votes, record
from elo.board import ranks
from elo.board.fragility import Fragility, fragility
from elo.board.ranks import RankSpans
from elo.chance.intervals import IntervalKind, ReportRounds
from elo.chance.poisson import DrawnCounts
from elo.chance.voters import VoterEffect
from elo.estimate import Estimate, Spread
from elo.fit.coefficient import Coefficient
from elo.fit.components import components
from elo.settings import Settings

_DECIMALS = 10
"""Ratings are rounded here: far below any meaning and above rounding errors, so equal records have equal ratings."""


@dataclass(frozen=True, slots=True)
class BoardRow:
    """One model. `low` and `high` are None where there is no interval; `interval` is their kind."""

    model: str
    rank: int
    """1 + the number of models of the same component that are better. "Better" holds for all pairs of the board at
    once, with the settings' level (`chance.differences`). Without intervals ranks follow the ratings alone."""
    rating: float
    low: float | None
    high: float | None
    interval: IntervalKind
    """bootstrap, sandwich, jackknife (by cluster), hessian (a short record: read it with care) or none."""
    battles: int
    win_rate: float
    """(wins + half the ties) / battles."""
    component: int
    """Models of different components have no path of battles between them: their ratings cannot be compared. (Where
    ties are ignored: of decided battles.)"""
    rank_worst: int
    """The number of models of the component, minus those that are worse in the same sense."""
    rank_ub: int | None = None
    """1 + the number of models of the component whose `low` exceeds this `high`, as on other boards. For comparison
    only: among many equal models, some intervals do not overlap. None: no intervals."""

    @property
    def rank_span(self) -> str:
        """Both ranks as a reader sees them: "1–3", or "2" where they are the same."""
        return f"{self.rank}" if self.rank == self.rank_worst else f"{self.rank}–{self.rank_worst}"

    def to_json(self) -> dict[str, str | int | float | None]:
        return {name: getattr(self, name) for name in self.__dataclass_fields__}


@dataclass(frozen=True, slots=True)
class Source:
    """Which votes a board was made from: enough to see whether two boards had the same."""

    n_votes: int = 0
    sha256: str | None = None
    """Of the counts: sorted lines "name\\tname\\toutcome\\tcount\\n" in UTF-8, the outcome (a, b, tie, both_bad) seen
    from the name that sorts first. Times, voters and features are not part of it."""
    revision: int | None = None
    """The ledger's, for votes from a database."""
    kind: str | None = None
    """Of battles; None: all kinds."""
    since: str | None = None
    until: str | None = None
    where: tuple[str, ...] = ()
    """The conditions that all votes satisfy, such as "language=ko"."""
    where_left_out: int = 0
    """Votes that do not satisfy them."""
    excluded: Mapping[str, int] = field(default_factory=dict)
    """Votes left out, by reason."""

    def to_json(self) -> dict[str, object]:
        names = ("revision", "sha256", "kind", "since", "until", "where_left_out")
        values = {name: getattr(self, name) for name in names}
        return {"votes": self.n_votes} | values | {"where": list(self.where)}


@dataclass(frozen=True, slots=True)
class FitFacts:
    """How the maximum was found, and what else was estimated."""

    iterations: int
    largest_gradient: float
    """Of the log-likelihood, in points won beyond those expected: 0 but for rounding."""
    tie: Coefficient | None = None
    """Log of Davidson's nu or of Rao and Kupper's theta."""
    coefficients: tuple[Coefficient, ...] = ()
    """Of `control`: log-odds per standard deviation of the covariate, side per side."""
    n_left_out: int = 0
    """Votes without a value of some covariate."""
    unused: tuple[str, ...] = ()
    """Covariates that are the same in every battle."""

    def to_json(self) -> dict[str, object]:
        return asdict(self) | {"coefficients": list(map(asdict, self.coefficients)), "unused": list(self.unused)}


@dataclass(frozen=True, slots=True)
class Leaderboard:
    """A board: rows sorted by rating, then name. `unrated` are the models without a vote."""

    rows: tuple[BoardRow, ...]
    unrated: tuple[str, ...]
    settings: Settings
    source: Source = field(default_factory=Source)
    fit: FitFacts | None = None
    """None with method elo."""
    reach: float | None = None
    """Standard errors from a rating to its bounds; None where bounds are percentiles or missing."""
    agreement: float | None = None
    """Width of bootstrap intervals over sandwich ones, median of the models: near 1 where both can be trusted."""
    n_clusters: int | None = None
    """Clusters of votes, counting a vote outside any cluster as one; None where votes count one by one."""
    plain: Mapping[str, float] = field(default_factory=dict)
    """All ratings without weights, if votes have weights and some rating without them is outside its interval."""
    voters: VoterEffect | None = None
    """With cluster auto: how much wider intervals by voter are, and whether the board uses them."""
    fragility: Fragility | None = None
    """How few votes decide who is first; None where that is not computed (see `board.fragility`)."""

    @property
    def n_votes(self) -> int:
        return self.source.n_votes

    @property
    def revision(self) -> int | None:
        return self.source.revision

    @property
    def excluded(self) -> Mapping[str, int]:
        return self.source.excluded

    @property
    def n_components(self) -> int:
        return max((row.component for row in self.rows), default=0)

    @property
    def is_by_voter(self) -> bool:
        """Whether cluster auto took intervals by voter."""
        return self.voters is not None and self.voters.is_taken

    @property
    def kinds(self) -> frozenset[IntervalKind]:
        """The kinds of interval on the board."""
        return frozenset(row.interval for row in self.rows)

    def sourced(
        self,
        *,
        revision: int | None = None,
        excluded: Mapping[str, int] | None = None,
        kind: str | None = None,
        since: str | None = None,
        until: str | None = None,
        where: Sequence[str] = (),
        where_left_out: int = 0,
    ) -> "Leaderboard":
        """Return the same board with facts about the source of its votes."""
        source = replace(
            self.source,
            revision=revision,
            excluded=dict(excluded or {}),
            kind=kind,
            since=since,
            until=until,
            where=tuple(where),
            where_left_out=where_left_out,
        )
        return replace(self, source=source)

    def to_json(self) -> dict[str, object]:
        """The content of `/leaderboard.json` and `recompute --json`. Floats read back the same."""
        return {
            "models": [row.to_json() for row in self.rows],
            "settings": self.settings.to_json(),
            "votes": self.n_votes,
            "revision": self.revision,
            "excluded": dict(sorted(self.excluded.items())),
            "unrated": list(self.unrated),
            "source": self.source.to_json(),
            "fit": self.fit and self.fit.to_json(),
            "reach": self.reach,
            "agreement": self.agreement,
            "clusters": self.n_clusters,
            "voters": self.voters and self.voters.to_json(),
            "plain": dict(self.plain),
            "fragility": self.fragility and self.fragility.to_json(),
        }


def rate(
    data: Cells | Votes,
    settings: Settings,
    *,
    listed: Sequence[str] = (),
    progress: ReportRounds | None = None,
    kept: DrawnCounts | None = None,
) -> Leaderboard:
    """The Bradley-Terry board of counts or votes: `fit`, `spread` and `board_from` in a row. `listed` are models that
    are shown even without a vote; `kept` saves time (see `spread`). Without any votes the board has no rows.

    Raises ValueError for method elo, and whatever `fit` and `spread` raise: NoMaximumError, for example, which names
    the models, where the prior is 0 and the votes have no likeliest ratings.
    """
    if settings.method != "bradley-terry":
        raise ValueError(f"method {settings.method!r} needs votes in their order; use rate_online")
    if not (len(data) if isinstance(data, Votes) else data.n_votes):
        return Leaderboard((), tuple(sorted(set(listed))), settings, source_of(Cells.from_counts([])))
    fitted = estimate.fit(data, settings)
    return board_from(fitted, estimate.spread(fitted, progress=progress, kept=kept), listed=listed)


def board_from(fitted: Estimate, spread: Spread, *, listed: Sequence[str] = ()) -> Leaderboard:
    """The board of an estimate and its spread: on the scale of the settings, with ranks."""
    settings, models, intervals = fitted.settings, fitted.counted.models, spread.intervals
    target, scale = fitted.gauge.target, settings.points_per_logit

    def on_scale(logits: Floats) -> Floats:
        points: Floats = np.round(target + scale * logits, _DECIMALS)
        return points

    ratings, bounds, plain = on_scale(fitted.ratings), None, {}
    spans = ranks.by_rating(ratings, fitted.group)
    if intervals is not None:
        spans = ranks.spans(intervals.differences.better(fitted.ratings, fitted.group), fitted.group)
        bounds = _Bounds(on_scale(intervals.low), on_scale(intervals.high), intervals.kind)
        if fitted.plain is not None:
            unweighted = on_scale(fitted.plain)
            if ((unweighted < bounds.low) | (unweighted > bounds.high)).any():
                plain = dict(zip(models, unweighted.tolist(), strict=True))
    contextual = fitted.contextual
    return Leaderboard(
        _rows(fitted.counted, ratings, fitted.group, spans, bounds),
        tuple(sorted(set(listed) - set(models))),
        settings,
        source_of(fitted.cells),
        FitFacts(
            fitted.fit.iterations,
            fitted.fit.largest_gradient,
            spread.tie,
            spread.coefficients,
            0 if contextual is None else contextual.n_left_out,
            () if contextual is None else contextual.unused,
        ),
        reach=None if intervals is None else intervals.reach,
        agreement=None if intervals is None else intervals.agreement,
        n_clusters=None if intervals is None else intervals.n_clusters,
        voters=spread.voters,
        plain=plain,
        fragility=fragility(fitted),
    )


def rate_online(
    votes: Votes | Iterable[tuple[str, str, Outcome]], settings: Settings, *, listed: Sequence[str] = ()
) -> Leaderboard:
    """The board by online Elo after the votes in their order. It has no intervals."""
    if settings.method != "elo":
        raise ValueError(f"method {settings.method!r} does not replay votes; use rate")
    votes = votes if isinstance(votes, Votes) else Votes.from_rows(votes)
    cells = Cells.from_votes(votes)
    unrated = tuple(sorted(set(listed) - set(cells.models)))
    pairs = cells.pairs()
    states = online.replay(votes, settings)
    ratings = np.array([states[model].rating for model in pairs.models])
    group = components(pairs)
    rows = _rows(pairs, ratings, group, ranks.by_rating(ratings, group), None)
    return Leaderboard(rows, unrated, settings, source_of(cells))


def source_of(cells: Cells) -> Source:
    """Return the number of votes and the SHA-256 of their counts."""
    labels = [outcome.label for outcome in Outcome]
    columns = (cells.a.tolist(), cells.b.tolist(), cells.outcome.tolist(), cells.count.tolist())
    lines = (
        f"{cells.models[a]}\t{cells.models[b]}\t{labels[outcome]}\t{n}\n"
        for a, b, outcome, n in zip(*columns, strict=True)
    )
    return Source(cells.n_votes, hashlib.sha256("".join(lines).encode(errors="surrogatepass")).hexdigest())


@dataclass(frozen=True, slots=True, eq=False)
class _Bounds:
    """Of K models, on the scale of the board, with the kind of each interval."""

    low: Floats
    high: Floats
    kind: Sequence[IntervalKind]


def _rows(
    pairs: Pairs, ratings: Floats, group: Index, spans: RankSpans, bounds: _Bounds | None
) -> tuple[BoardRow, ...]:
    """By rating, then name."""
    points = record(pairs)
    upper = None if bounds is None else ranks.upper_bounds(bounds.low, bounds.high, group)
    rows = [
        BoardRow(
            model=model,
            rank=int(spans.best[m]),
            rating=float(ratings[m]),
            low=None if bounds is None else float(bounds.low[m]),
            high=None if bounds is None else float(bounds.high[m]),
            interval="none" if bounds is None else bounds.kind[m],
            battles=int(points.battles[m]),
            win_rate=float(points.won[m] / points.battles[m]),
            component=int(group[m]),
            rank_worst=int(spans.worst[m]),
            rank_ub=None if upper is None else int(upper[m]),
        )
        for m, model in enumerate(pairs.models)
    ]
    return tuple(sorted(rows, key=lambda row: (-row.rating, row.model)))


COLUMNS = tuple(field.name for field in fields(BoardRow))


def board_csv(board: Leaderboard) -> str:
    """With a header; lines end in "\\n". Floats read back the same, None is an empty field."""
    text = io.StringIO()
    table = csv.DictWriter(text, COLUMNS, lineterminator="\n")
    table.writeheader()
    table.writerows(row.to_json() for row in board.rows)
    return text.getvalue()
