"""A board as printed text."""

from collections.abc import Collection, Sequence

from elo.board.leaderboard import BoardRow, Leaderboard
from elo.board.notes import notes

_MORE = "How to read this table: docs/ratings.md"


def table(board: Leaderboard) -> str:
    """One line per model with the `columns` side by side, then the `notes` and where the rest is explained."""
    header, *rows = columns(board)
    lines = aligned(header, rows, left=(1,))
    return "\n".join([*lines, "", *notes(board), _MORE])


def columns(board: Leaderboard) -> list[list[str]]:
    """The header, then a row for each model: rank, model, rating, interval, battles and win rate, and where they are
    not the same for all the rating without weights and the group."""
    rows = board.rows
    cells = [
        ["rank", "model", "rating", f"{100 * board.settings.level:g} % interval", "battles", "win rate"],
        *(
            [
                row.rank_span.replace("–", "-"),
                row.model,
                f"{row.rating:.1f}",
                _interval(row),
                f"{row.battles:,}",
                f"{100 * row.win_rate:.1f} %",
            ]
            for row in rows
        ),
    ]
    if board.plain:
        _add(cells, "unweighted", [f"{board.plain[row.model]:.1f}" for row in rows])
    if board.n_components > 1:
        _add(cells, "group", [f"{row.component}" for row in rows])
    return cells


def _add(cells: list[list[str]], name: str, values: list[str]) -> None:
    for row, value in zip(cells, [name, *values], strict=True):
        row.append(value)


def _interval(row: BoardRow) -> str:
    if row.low is None or row.high is None:
        return "-"
    return f"{row.low:.1f} to {row.high:.1f}{'*' if row.interval == 'hessian' else ' '}"


def aligned(header: Sequence[str], rows: Sequence[Sequence[str]], *, left: Collection[int] = (0,)) -> list[str]:
    """One line for the header and one for each row; columns in `left` are aligned left, the others right."""
    lines = [header, *rows]
    widths = [max(len(cell) for cell in column) for column in zip(*lines, strict=True)]
    return [
        "  ".join(
            cell.ljust(width) if i in left else cell.rjust(width)
            for i, (cell, width) in enumerate(zip(line, widths, strict=True))
        ).rstrip()
        for line in lines
    ]
