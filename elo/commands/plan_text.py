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
            _told(row, row.direct),
            _told(row, row.arena_wide),
        ]
        for row in plan.neighbours
    ]
    header = ["model", "next below", "gap", "error", "battles of the two", "or of all pairs"]
    return [
        *aligned(header, rows, left=(0, 1)),
        f"So many more battles tell two neighbours apart (a gap of {plan.reach:.2f} standard errors) with a "
        f"probability of {100 * plan.chance:g} %, if the ratings are right; of all pairs: "
        f"drawn as the {plan.n_votes} up to now.",
    ]


def _told(row: Separation, battles: int | None) -> str:
    if battles is None:
        return "equal"
    return f"{battles:,}" if battles else "apart"


def _connected(found: Connectivity) -> list[str]:
    met = f"{found.n_met} of {found.n_pairs} pairs of models have met."
    if len(found.groups) == 1:
        lines = [f"All models hang together: {met}"]
    else:
        lines = [f"{len(found.groups)} groups hang together each, and no rated battle leads from one to another: {met}"]
        lines += [f"  {_names(group)}" for group in found.groups]
    return lines + [_bridge(bridge) for bridge in found.bridges]


def _bridge(bridge: Bridge) -> str:
    return (
        f"What ties {_names(bridge.smaller_part)} to the others is {bridge.battles:g} "
        f"battle{'s' * (bridge.battles != 1)} of {bridge.model_a} and {bridge.model_b} alone."
    )


def _names(models: tuple[str, ...]) -> str:
    shown = ", ".join(models[:_MOST])
    return shown if len(models) <= _MOST else f"{shown} and {len(models) - _MOST} more"


def _lessons(plan: Plan) -> list[str]:
    rows = [[lesson.model_a, lesson.model_b, f"{100 * lesson.share:.3g} %"] for lesson in plan.lessons]
    return [
        *aligned(["most is learnt from", "against", "share"], rows, left=(0, 1)),
        "Share: what one more battle takes off the summed variance of all ratings.",
    ]
