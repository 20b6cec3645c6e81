"""A plan as text: what `python -m elo plan` prints."""

from elo.board.planning import Bridge, Connectivity, Plan, Separation
from elo.board.table import aligned

_MOST = 8


def report(plan: Plan) -> str:
    """Two tables with sentences around them."""
    parts = [_neighbours(plan), _connected(plan.connectivity), _lessons(plan)]
    return "\n\n".join("\n".join(lines) for lines in parts if lines)


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
        f"So many more battles separate the ranks of two neighbours (a gap of {_reach(plan)} standard errors) "
        f"with a probability of {100 * plan.chance:g} %, if the ratings are right. Of all pairs: with pairs "
        f"drawn as in the {plan.n_votes:,} votes so far.",
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
        *aligned(["teaches most", "against", "share"], rows, left=(0, 1)),
        "Share: how much one more battle reduces the summed variance of all ratings.",
    ]
