"""A board as text: the table that `recompute` prints, with everything under it that tells how it was made."""

from elo.leaderboard import Leaderboard, Row
from elo.settings import Settings
from elo.short_records import FEW_POINTS


def table(board: Leaderboard) -> str:
    """One line per model and, below, votes, settings, what the marks mean, what was left out and who has no votes."""
    percent = f"{100 * board.settings.level:g} %"
    header = ["rank", "model", "rating", f"{percent} interval", "battles", "win rate"]
    rows = [
        [str(row.rank), row.model, f"{row.rating:.1f}", _interval(row), f"{row.battles}", f"{100 * row.win_rate:.1f} %"]
        for row in board.rows
    ]
    if board.n_components > 1:
        header.append("group")
        for cells, row in zip(rows, board.rows, strict=True):
            cells.append(str(row.component))
    widths = [max(len(cells[i]) for cells in [header, *rows]) for i in range(len(header))]
    lines = [
        "  ".join(
            cell.ljust(width) if i == 1 else cell.rjust(width)
            for i, (cell, width) in enumerate(zip(cells, widths, strict=True))
        )
        for cells in [header, *rows]
    ]
    return "\n".join([*lines, "", *notes(board)])


def _interval(row: Row) -> str:
    if row.low is None or row.high is None:
        return "-"
    return f"{row.low:.1f} to {row.high:.1f}{'*' if row.interval == 'hessian' else ' '}"


def notes(board: Leaderboard) -> list[str]:
    """The sentences under the board."""
    revision = "" if board.revision is None else f", ledger revision {board.revision}"
    told = [f"{board.n_votes} votes, {len(board.rows)} models{revision}.", *_method(board.settings), *_intervals(board)]
    if board.n_components > 1:
        told.append("Ratings can be compared within a group only: no path of battles leads from one group to another.")
    if board.excluded:
        told.append(f"Left out: {', '.join(f'{reason} {n}' for reason, n in sorted(board.excluded.items()))}.")
    if board.unrated:
        told.append(f"Without votes: {', '.join(board.unrated)}.")
    return told


def _method(settings: Settings) -> list[str]:
    curve = f"{settings.scale:g} points are odds of {settings.base:g} to 1"
    if settings.method == "elo":
        return [f"Online Elo in the order of the votes: K = {settings.k:g}, start {settings.start:g}; {curve}."]
    prior = (
        f"prior: {settings.prior:g} virtual tie{'s' * (settings.prior != 1)} against an average opponent"
        if settings.prior
        else "no prior: exact maximum likelihood"
    )
    return [f"Bradley-Terry; ties and both-bad are half a win each; {prior}; mean {settings.mean:g}; {curve}."]


def _intervals(board: Leaderboard) -> list[str]:
    settings, kinds = board.settings, {row.interval for row in board.rows}
    told = []
    if "bootstrap" in kinds:
        told.append(f"Intervals: percentile bootstrap, {settings.bootstrap} rounds, seed {settings.seed}.")
    if "sandwich" in kinds and settings.interval != "sandwich":
        told.append("Intervals: sandwich, because a round of the bootstrap has no finite ratings without a prior.")
    elif "sandwich" in kinds:
        told.append("Intervals: sandwich.")
    if "hessian" in kinds:
        told.append(f"* fewer than {FEW_POINTS:g} points won or lost: a wide interval from the inverse Hessian.")
    return told
