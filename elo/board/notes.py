"""What a board says of itself: from which votes, by which model, with which intervals, and what to read with care.

Every setting that moves a number has its words here, so that a table can be made again from what stands below it.
"""

import math

from elo.board.leaderboard import FitFacts, Leaderboard
from elo.chance.short_records import FEW_POINTS
from elo.fit.coefficient import Coefficient
from elo.fit.weights import is_weighted
from elo.settings import Settings

_CLUSTERS = {"auto": "prepared pair", "pair": "prepared pair", "voter": "voter"}
_TIE_MODELS = {"davidson": ("Davidson", "nu"), "rao-kupper": ("Rao-Kupper", "theta")}


def notes(board: Leaderboard) -> list[str]:
    """The sentences under the board."""
    source, settings = board.source, board.settings
    revision = "" if source.revision is None else f", ledger revision {source.revision}"
    told = [f"{board.n_votes} votes, {len(board.rows)} models{revision}{_cut(board)}."]
    if settings.method == "elo":
        told.append(
            f"Online Elo in the order of the votes: K = {settings.k:g}, start {settings.start:g}; {_curve(settings)}."
        )
    else:
        told += [_method(board), *_weights(board), *_control(board), *_intervals(board)]
    if board.n_components > 1:
        fit = board.fit
        is_cut = settings.ties == "ignore" or settings.both_bad == "ignore" or (fit is not None and fit.n_left_out)
        of = " in the fit" * bool(is_cut)
        told.append(
            f"Ratings can be compared within a group only: no path of battles{of} leads from one group to another."
        )
    if board.excluded:
        told.append(f"Left out: {', '.join(f'{reason} {n}' for reason, n in sorted(board.excluded.items()))}.")
    if board.unrated:
        told.append(f"Without votes: {', '.join(board.unrated)}.")
    return told


def _cut(board: Leaderboard) -> str:
    """What the votes were chosen by, beside the usual kind."""
    source = board.source
    parts = [
        f"{word} {value}"
        for word, value in (
            ("kind", None if source.kind == "battle" else source.kind),
            ("since", source.since),
            ("until", source.until),
        )
        if value is not None
    ]
    return "".join(f", {part}" for part in parts)


def _curve(settings: Settings) -> str:
    return f"{settings.scale:g} points are odds of {settings.base:g} to 1"


def _method(board: Leaderboard) -> str:
    settings = board.settings
    prior = (
        f"prior: {settings.prior:g} virtual tie{'s' * (settings.prior != 1)} against an average opponent"
        if settings.prior
        else "no prior: exact maximum likelihood"
    )
    return f"Bradley-Terry; {_ties(settings, board.fit)}; {prior}; {_gauge(settings)}; {_curve(settings)}."


def _ties(settings: Settings, fit: FitFacts | None) -> str:
    if settings.ties == "ignore":
        return "ties and both-bad are left out of the fit"
    which, rest = "ties and both-bad", ""
    if settings.both_bad == "ignore":
        which, rest = "ties", ", both-bad is left out of the fit"
    if settings.ties == "half":
        return f"{which} are half a win each{rest}"
    name, symbol = _TIE_MODELS[settings.ties]
    if fit is None or fit.tie is None:
        return f"{which} as an outcome of their own ({name}), of which there is none{rest}"
    value, low, high = map(_power, (fit.tie.value, fit.tie.low, fit.tie.high))
    estimated = f"{symbol} = {value:.3f}, {low:.3f} to {high:.3f}"
    return f"{which} are an outcome of their own ({name}, {estimated}){rest}"


def _power(x: float) -> float:
    """e^x, for a bound of two clusters can lie anywhere."""
    try:
        return math.exp(x)
    except OverflowError:
        return math.inf


def _gauge(settings: Settings) -> str:
    if settings.gauge == "mean":
        return f"mean {settings.mean:g}"
    if settings.gauge == "battles":
        return f"mean by battles {settings.mean:g}"
    told = ", ".join(f"{name} = {rating:g}" for name, rating in settings.anchor)
    return f"anchor {told}" if len(settings.anchor) == 1 else f"anchors, by their mean: {told}"


def _weights(board: Leaderboard) -> list[str]:
    settings, told = board.settings, []
    if settings.weights == "pair":
        told.append("a vote weighs 1 / max(votes of its pair, 50), scaled to a mean of 1")
    elif settings.weights == "draw":
        told.append("a vote weighs 1 / the chance that its pair was drawn, scaled to a mean of 1")
    if settings.half_life_days is not None:
        told.append(f"a vote loses half its weight in {settings.half_life_days:g} days, counted from the newest")
    if not told:
        return []
    apart = (
        "some ratings without weights lie outside the intervals: see the column unweighted"
        if board.plain
        else "without weights no rating would lie outside its interval"
    )
    return [f"Weights: {'; '.join(told)}. {apart.capitalize()}."]


def _control(board: Leaderboard) -> list[str]:
    fit, settings = board.fit, board.settings
    if fit is None or not settings.control:
        return []
    ridge = f", ridge {settings.ridge:g}" if settings.ridge else ""
    told = [
        f"Ratings are for equal {', '.join(settings.control)}{ridge}. Log-odds per standard deviation of the "
        f"difference (side: for side A): {', '.join(map(_coefficient, fit.coefficients)) or 'none'}."
    ]
    if fit.unused:
        told.append(f"The same in every battle, so without a coefficient: {', '.join(fit.unused)}.")
    if fit.n_left_out:
        told.append(f"Votes left out of the fit because such a number of theirs is not known: {fit.n_left_out}.")
    return told


def _coefficient(one: Coefficient) -> str:
    return f"{one.name} {one.value:.3f} ({one.low:.3f} to {one.high:.3f})"


def _intervals(board: Leaderboard) -> list[str]:
    settings, kinds = board.settings, {row.interval for row in board.rows}
    told = []
    if "bootstrap" in kinds:
        agreement = (
            "" if board.agreement is None else f", {board.agreement:.2f} times as wide as the sandwich's (median)"
        )
        told.append(f"Intervals: percentile bootstrap, {settings.bootstrap} rounds, seed {settings.seed}{agreement}.")
    if "sandwich" in kinds:
        told.append(f"Intervals: sandwich{_why_sandwich(settings)}.")
    if "jackknife" in kinds:
        by = _CLUSTERS[settings.cluster]
        told.append(f"Intervals: jackknife by {by}, {board.n_clusters} clusters of votes{_reach(board)}.")
    if settings.simultaneous and board.reach is not None:
        told.append(f"They hold for all models at once: {board.reach:.2f} standard errors to either side.")
    if "hessian" in kinds:
        told.append(f"* fewer than {FEW_POINTS:g} {_few(board)}: a wide interval from the inverse Hessian.")
    if settings.gauge == "anchor" and kinds != {"none"}:
        told.append("Intervals are of the distance to the anchor, whose own place is given.")
    return told


def _few(board: Leaderboard) -> str:
    """Of what a short record has few, as far as the rows show it."""
    short = [row for row in board.rows if row.interval == "hessian"]
    has_points = any(row.battles * min(row.win_rate, 1 - row.win_rate) >= FEW_POINTS for row in short)
    told = "points won or lost, or battles that were no tie" if has_points else "points won or lost"
    if is_weighted(board.settings):
        told += ", by their weights"
    return told if board.n_clusters is None else f"{told}, the votes of a cluster on a pair counting once"


def _reach(board: Leaderboard) -> str:
    """Few clusters tell little of the spread between them, so their intervals reach farther."""
    if board.settings.simultaneous or board.reach is None:
        return ""
    return f", {board.reach:.2f} standard errors to either side"


def _why_sandwich(settings: Settings) -> str:
    """Why not the bootstrap, where that is what was asked for."""
    if not settings.resamples:
        return ""
    without = " without a prior" if settings.ties in ("half", "ignore") else ""
    return f", because a round of the bootstrap has no finite ratings{without}"
