"""The sentences under a board.

Most boards have three. The first describes how the board was made: it names every setting that moves a number, so that
the table can be made again. The second explains intervals and ranks, and the third states how few votes decide who is
first. Others follow only where they apply. The rest is in the JSON and in docs/ratings.md.
"""

from elo.board.fragility import Fragility
from elo.board.leaderboard import Leaderboard
from elo.board.wording import described
from elo.chance.short_records import FEW_POINTS
from elo.chance.voters import WIDER
from elo.fit.coefficient import Coefficient
from elo.fit.weights import is_weighted


def notes(board: Leaderboard) -> list[str]:
    """What `recompute` prints below its table, the most important first."""
    first = first_place(board.fragility, board.n_votes, n_groups=board.n_components)
    return [_made(board), *_ranks(board), *first, *_voters(board), *_control(board), *_groups(board), *_without(board)]


def _voters(board: Leaderboard) -> list[str]:
    found = board.voters
    if found is None:
        return []
    voters = counted(found.n_voters, "voter")
    wide = f"{voters}; intervals by voter are {found.ratio:.2f} times as wide as intervals by vote"
    if found.is_taken:
        return [f"{wide}, and are used here."]
    can_ask = found.ratio > WIDER and board.settings.interval != "bootstrap"
    return [f"{wide}; --cluster voter uses them." if can_ask else f"{wide}."]


def counted(n: int, what: str, several: str = "") -> str:
    """A number of things: "1 vote", "4,000 votes", and with `several` "2 people"."""
    return f"{n:,} {what if n == 1 else several or f'{what}s'}"


def _made(board: Leaderboard) -> str:
    """From which votes, and how."""
    source = board.source
    facts = (
        ("ledger revision", None if source.revision is None else f"{source.revision:,}"),
        ("kind", None if source.kind == "battle" else source.kind),
        ("since", source.since),
        ("until", source.until),
        ("where", _where(board)),
    )
    votes = [counted(board.n_votes, "vote"), counted(len(board.rows), "model")]
    votes += [f"{name} {value}" for name, value in facts if value is not None]
    how = [*map(str, described(board.settings, board.kinds, by_voter=board.is_by_voter))]
    return f"{', '.join(votes)}: {'; '.join(how)}."


def _where(board: Leaderboard) -> str | None:
    """The conditions that chose the votes."""
    source = board.source
    return (
        f"{' and '.join(source.where)} ({counted(source.where_left_out, 'other')} left out)" if source.where else None
    )


def _star(board: Leaderboard) -> str:
    """What the star at an interval means, and what such a model has few of, as far as the rows show it."""
    if "hessian" not in board.kinds:
        return ""
    short = [row for row in board.rows if row.interval == "hessian"]
    has_points = any(row.battles * min(row.win_rate, 1 - row.win_rate) >= FEW_POINTS for row in short)
    lacking = "points won or lost, or decided battles" if has_points else "points won or lost"
    if is_weighted(board.settings):
        lacking += ", by weight"
    if board.n_clusters is not None:
        lacking += ", where the votes of a cluster on one pair count once"
    return f" (* approximately, by the inverse Hessian: fewer than {FEW_POINTS:g} {lacking})"


def _ranks(board: Leaderboard) -> list[str]:
    """What a bar covers, and what a rank claims."""
    if not board.rows:
        return []
    if all(row.rank_ub is None for row in board.rows):
        return ["Without intervals, ranks follow the ratings alone, and may be due to chance."]
    level = f"{100 * board.settings.level:g} %"
    if board.settings.simultaneous:
        covers = f"All intervals together contain the true ratings with {level} probability{_star(board)}."
    else:
        covers = f"Each interval contains its model's true rating with {level} probability{_star(board)}."
    return [
        f"{covers} A rank such as 1-2 lists every place that the model may have; all ranks together are right with "
        f"{level} probability."
    ]


def first_place(found: Fragility | None, n_votes: int, *, n_groups: int = 1) -> list[str]:
    """How few of a board's votes decide who leads."""
    if found is None:
        return []
    where = " in group 1" * (n_groups > 1)
    return [f"Without {found.n_votes:,} of the {counted(n_votes, 'vote')}, {found.then} would be first{where}."]


def _control(board: Leaderboard) -> list[str]:
    fit = board.fit
    if fit is None or not board.settings.control:
        return []
    found = ", ".join(map(_coefficient, fit.coefficients)) or "none"
    parts = [f"Coefficients, in log-odds per standard deviation of the difference (side: for side A): {found}."]
    if fit.unused:
        parts.append(f"None for {', '.join(fit.unused)}, the same in every battle.")
    if fit.n_left_out:
        parts.append(f"The fit leaves out {counted(fit.n_left_out, 'vote')} without these numbers.")
    return [" ".join(parts)]


def _coefficient(one: Coefficient) -> str:
    return f"{one.name} {one.value:.3f} ({one.low:.3f} to {one.high:.3f})"


def _groups(board: Leaderboard) -> list[str]:
    if board.n_components == 1 or not board.rows:
        return []
    settings, fit = board.settings, board.fit
    is_cut = settings.ties == "ignore" or settings.both_bad == "ignore" or (fit is not None and fit.n_left_out)
    rated = "rated " * bool(is_cut)
    return [
        f"The models form {board.n_components} groups with no {rated}battles between them. Compare ratings only "
        "within a group."
    ]


def _without(board: Leaderboard) -> list[str]:
    """Votes that were left out, and models without votes."""
    sentences = []
    if board.excluded:
        reasons = ", ".join(f"{reason} {n:,}" for reason, n in sorted(board.excluded.items()))
        sentences.append(f"Left out: {reasons}.")
    if board.unrated:
        sentences.append(f"Without votes: {', '.join(board.unrated)}.")
    return sentences
