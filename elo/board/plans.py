"""A plan of battles as data and as text. `planning` makes it."""

from dataclasses import asdict, dataclass

from elo.board.table import aligned
from elo.settings import Settings

_MOST = 8  # names in a sentence


@dataclass(frozen=True, slots=True)
class Separation:
    """Two neighbours on the board, and the battles it takes to separate them."""

    better: str
    worse: str
    gap: float
    """Of their ratings, in log-odds, 0 or more."""
    error: float
    """The gap's standard error."""
    reach: float
    """How many standard errors the gap must exceed for the ranks to differ: more where clusters are few."""
    direct: int | None
    """More battles of these two alone; 0: they are separated; None: their ratings are equal, so no number of battles
    separates them."""
    arena_wide: int | None
    """More battles in the whole arena, with pairs drawn as before."""


@dataclass(frozen=True, slots=True)
class Bridge:
    """The only pair that connects two parts of a group."""

    model_a: str
    model_b: str
    battles: float
    smaller_part: tuple[str, ...]
    """The part with fewer models."""


@dataclass(frozen=True, slots=True)
class Connectivity:
    """Which models are connected by battles. Ratings can be compared within a group only; g groups need g - 1 pairs to
    become one."""

    groups: tuple[tuple[str, ...], ...]
    """Largest first, names in order."""
    n_pairs: int
    """All pairs of models: K (K - 1) / 2."""
    n_met: int
    bridges: tuple[Bridge, ...]


@dataclass(frozen=True, slots=True)
class Lesson:
    """A pair, and the share of the summed variance of all ratings that one more battle of it removes (on average, where
    ties are ignored and remove nothing)."""

    model_a: str
    model_b: str
    share: float


@dataclass(frozen=True, slots=True, repr=False)
class Plan:
    """It prints as two tables with sentences around them."""

    neighbours: tuple[Separation, ...]
    """In log-odds. Empty without intervals."""
    chance: float
    connectivity: Connectivity
    lessons: tuple[Lesson, ...]
    """Best first."""
    n_votes: int
    settings: Settings

    @property
    def reach(self) -> float:
        """The most standard errors that a gap must exceed."""
        return max((row.reach for row in self.neighbours), default=0.0)

    def to_json(self) -> dict[str, object]:
        """Gaps and errors in points of the scale."""
        scale = self.settings.points_per_logit
        return {
            "votes": self.n_votes,
            "chance": self.chance,
            "reach": self.reach,
            "neighbours": [
                asdict(row) | {"gap": scale * row.gap, "error": scale * row.error} for row in self.neighbours
            ],
            "groups": [list(group) for group in self.connectivity.groups],
            "pairs": self.connectivity.n_pairs,
            "pairs_met": self.connectivity.n_met,
            "bridges": [asdict(bridge) for bridge in self.connectivity.bridges],
            "lessons": [asdict(lesson) for lesson in self.lessons],
            "settings": self.settings.to_json(),
        }

    def __str__(self) -> str:
        parts = [_neighbours(self), _connected(self.connectivity), _lessons(self)]
        return "\n\n".join("\n".join(lines) for lines in parts if lines)

    __repr__ = __str__


def _neighbours(plan: Plan) -> list[str]:
    if not plan.neighbours:
        return []
    scale = plan.settings.points_per_logit
    rows = [
        [
            row.better,
            row.worse,
            f"{scale * row.gap:.1f}",
            f"{scale * row.error:.1f}",
            _needed(row, row.direct),
            _needed(row, row.arena_wide),
        ]
        for row in plan.neighbours
    ]
    header = ["model", "next below", "gap", "error", "battles of the two", "or of all pairs"]
    return [
        *aligned(header, rows, left=(0, 1)),
        f"The last two columns: how many more battles would separate the ranks of the two models with "
        f"{100 * plan.chance:g} % probability, if the ratings are right. Of all pairs: with pairs drawn as in the "
        f"{plan.n_votes:,} votes so far. Ranks are separate if the gap is more than {_reach(plan)} standard errors.",
    ]


def _reach(plan: Plan) -> str:
    """The same for all pairs, unless votes are in clusters."""
    least, most = (f"{pick(row.reach for row in plan.neighbours):.2f}" for pick in (min, max))
    return least if least == most else f"{least} to {most}"


def _needed(row: Separation, battles: int | None) -> str:
    if battles is None:
        return "equal"
    return f"{battles:,}" if battles else "separated"


def _connected(found: Connectivity) -> list[str]:
    met = f"{found.n_met:,} of {found.n_pairs:,} pairs of models have met."
    if len(found.groups) == 1:
        lines = [f"All models are connected by battles: {met}"]
    else:
        lines = [f"The models form {len(found.groups)} groups with no rated battles between them: {met}"]
        lines += [f"  {_names(group)}" for group in found.groups]
    return lines + [_bridge(bridge) for bridge in found.bridges]


def _bridge(bridge: Bridge) -> str:
    return (
        f"Only {bridge.battles:,g} battle{'s' * (bridge.battles != 1)} of {bridge.model_a} and {bridge.model_b} "
        f"connect{'s' * (bridge.battles == 1)} {_names(bridge.smaller_part)} to the others."
    )


def _names(models: tuple[str, ...]) -> str:
    shown = ", ".join(models[:_MOST])
    return shown if len(models) <= _MOST else f"{shown} and {len(models) - _MOST} more"


def _lessons(plan: Plan) -> list[str]:
    rows = [[lesson.model_a, lesson.model_b, f"{100 * lesson.share:.3g} %"] for lesson in plan.lessons]
    return [
        *aligned(["most informative", "against", "share"], rows, left=(0, 1)),
        "Share: how much one more battle reduces the summed variance of all ratings.",
    ]
