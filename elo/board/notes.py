"""The sentences under a board: its votes, how they were rated, and what to read with care.

They name every setting that moves a number, so that a table can be made again from the text below it.
"""

import math

from elo.board.leaderboard import Leaderboard
from elo.board.wording import TIE_MODELS, common_kind, described
from elo.chance.short_records import FEW_POINTS
from elo.fit.coefficient import Coefficient
from elo.fit.weights import is_weighted

_TIE_PARAMETERS = {"davidson": "nu", "rao-kupper": "theta"}


def notes(board: Leaderboard) -> list[str]:
    """What `recompute` prints below its table."""
    source, settings = board.source, board.settings
    revision = "" if source.revision is None else f", ledger revision {source.revision:,}"
    how = "; ".join(map(str, described(settings, board.kinds)))
    sentences = [
        f"{counted(board.n_votes, 'vote')}, {counted(len(board.rows), 'model')}{revision}{_cut(board)}.",
        f"{how[0].upper()}{how[1:]}.",
    ]
    sentences += [*_ties(board), *_weights(board), *_control(board), *_intervals(board)]
    if board.n_components > 1:
        fit = board.fit
        is_cut = settings.ties == "ignore" or settings.both_bad == "ignore" or (fit is not None and fit.n_left_out)
        rated = "rated " * bool(is_cut)
        sentences.append(
            f"The models form {board.n_components} groups with no {rated}battles between them: ratings can be compared "
            "within a group only."
        )
    if board.excluded:
        reasons = ", ".join(f"{reason} {n:,}" for reason, n in sorted(board.excluded.items()))
        sentences.append(f"Left out: {reasons}.")
    if board.unrated:
        sentences.append(f"Without votes: {', '.join(board.unrated)}.")
    return sentences


def counted(n: int, what: str) -> str:
    """A number of things: "1 vote", "4,000 votes"."""
    return f"{n:,} {what}{'s' * (n != 1)}"


def _cut(board: Leaderboard) -> str:
    """What the votes were selected by, other than the usual kind."""
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


def _ties(board: Leaderboard) -> list[str]:
    ties, fit = board.settings.ties, board.fit
    if ties not in TIE_MODELS:
        return []
    name, symbol = TIE_MODELS[ties], _TIE_PARAMETERS[ties]
    if fit is None or fit.tie is None:
        return [f"No rated vote is a tie, so {name}'s model has no {symbol} to estimate."]
    value, low, high = map(_power, (fit.tie.value, fit.tie.low, fit.tie.high))
    return [f"{name}'s {symbol} is {value:.3f} ({low:.3f} to {high:.3f})."]


def _power(x: float) -> float:
    """e^x, or infinity: a bound from two clusters can be anywhere."""
    try:
        return math.exp(x)
    except OverflowError:
        return math.inf


def _weights(board: Leaderboard) -> list[str]:
    if not is_weighted(board.settings):
        return []
    if board.plain:
        return ["Some ratings without weights are outside their intervals: see the column unweighted."]
    return ["Without weights no rating would be outside its interval."]


def _control(board: Leaderboard) -> list[str]:
    fit = board.fit
    if fit is None or not board.settings.control:
        return []
    coefficients = ", ".join(map(_coefficient, fit.coefficients)) or "none"
    sentences = [f"Log-odds per standard deviation of the difference (side: for side A): {coefficients}."]
    if fit.unused:
        sentences.append(f"No coefficient, because they are the same in every battle: {', '.join(fit.unused)}.")
    if fit.n_left_out:
        sentences.append(f"Left out of the fit, because such a number is missing: {counted(fit.n_left_out, 'vote')}.")
    return sentences


def _coefficient(one: Coefficient) -> str:
    return f"{one.name} {one.value:.3f} ({one.low:.3f} to {one.high:.3f})"


def _intervals(board: Leaderboard) -> list[str]:
    settings, kind = board.settings, common_kind(board.kinds)
    sentences = []
    if board.agreement is not None:
        sentences.append(
            f"Bootstrap intervals are {board.agreement:.2f} times as wide as the sandwich's (median of the models)."
        )
    if kind == "sandwich" and settings.resamples:
        without = " without a prior" if settings.ties in ("half", "ignore") else ""
        sentences.append(f"A bootstrap round has no finite ratings{without}, so the intervals are the sandwich's.")
    if board.reach is not None and (settings.simultaneous or board.n_clusters is not None):
        clusters = "" if board.n_clusters is None else f", from {counted(board.n_clusters, 'cluster')} of votes"
        sentences.append(f"The intervals reach {board.reach:.2f} standard errors to either side{clusters}.")
    if "hessian" in board.kinds:
        sentences.append(f"* fewer than {FEW_POINTS:g} {_few(board)}: a wide interval from the inverse Hessian.")
    if settings.gauge == "anchor" and kind != "none":
        sentences.append("The intervals are those of the distance to the anchor, whose rating is given.")
    return sentences


def _few(board: Leaderboard) -> str:
    """What a short record has few of, as far as the rows show it."""
    short = [row for row in board.rows if row.interval == "hessian"]
    has_points = any(row.battles * min(row.win_rate, 1 - row.win_rate) >= FEW_POINTS for row in short)
    lacking = "points won or lost, or decided battles" if has_points else "points won or lost"
    if is_weighted(board.settings):
        lacking += ", by their weights"
    return lacking if board.n_clusters is None else f"{lacking}, counting the votes of a cluster on a pair once"
