"""The sentences under a board.

Every board has at most three: how it was made, which names every setting that moves a number, so that a table can be
made again from the text below it; what intervals and ranks are; and how fragile the first place is. Others follow only
where they apply and change how the table is read. The rest is in the JSON and in docs/ratings.md.
"""

from elo.board.fragility import Fragility
from elo.board.leaderboard import Leaderboard
from elo.board.wording import described
from elo.chance.short_records import FEW_POINTS
from elo.fit.coefficient import Coefficient
from elo.fit.weights import is_weighted


def notes(board: Leaderboard) -> list[str]:
    """What `recompute` prints below its table, the most important first."""
    first = first_place(board.fragility, board.n_votes, n_groups=board.n_components)
    return [_made(board), *_ranks(board), *first, *_voters(board), *_control(board), *_groups(board), *_without(board)]


def _voters(board: Leaderboard) -> list[str]:
    found = board.voters
    return (
        [] if found is None else [f"{found.n_voters:,} voters; intervals by voter are {found.ratio:.2f} times as wide."]
    )


def counted(n: int, what: str) -> str:
    """A number of things: "1 vote", "4,000 votes"."""
    return f"{n:,} {what}{'s' * (n != 1)}"


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
    if "hessian" in board.kinds:
        how.append(f"* inverse Hessian, for fewer than {FEW_POINTS:g} {_few(board)}")
    return f"{', '.join(votes)}: {'; '.join(how)}."


def _where(board: Leaderboard) -> str | None:
    """The conditions that chose the votes."""
    source = board.source
    return f"{' and '.join(source.where)} ({source.where_left_out:,} others left out)" if source.where else None


def _few(board: Leaderboard) -> str:
    """What a short record has few of, as far as the rows show it."""
    short = [row for row in board.rows if row.interval == "hessian"]
    has_points = any(row.battles * min(row.win_rate, 1 - row.win_rate) >= FEW_POINTS for row in short)
    lacking = "points won or lost, or decided battles" if has_points else "points won or lost"
    if is_weighted(board.settings):
        lacking += ", by their weights"
    return lacking if board.n_clusters is None else f"{lacking}, counting the votes of a cluster on a pair once"


def _ranks(board: Leaderboard) -> list[str]:
    """What a bar covers, and what a rank claims."""
    if not board.rows:
        return []
    if all(row.rank_ub is None for row in board.rows):
        return ["Ranks are by rating alone: without intervals nothing says how much of them is chance."]
    level = f"{100 * board.settings.level:g} %"
    covers = "every model at once" if board.settings.simultaneous else "one model"
    return [
        f"An interval covers the true rating of {covers} in {level} of cases; a rank compares models: from 1 + those "
        f"that are better to the last place above those that are worse, {level} sure for all pairs at once."
    ]


def first_place(found: Fragility | None, n_votes: int, *, n_groups: int = 1) -> list[str]:
    """How few of a board's votes decide who leads."""
    if found is None:
        return []
    group, them = " of group 1" * (n_groups > 1), "it" if found.n_votes == 1 else "them"
    return [
        f"First place{group} hangs on {found.n_votes:,} of {counted(n_votes, 'vote')}: without {them} {found.then} "
        "would lead."
    ]


def _control(board: Leaderboard) -> list[str]:
    fit = board.fit
    if fit is None or not board.settings.control:
        return []
    found = ", ".join(map(_coefficient, fit.coefficients)) or "none"
    parts = [f"Log-odds per standard deviation of the difference (side: for side A): {found}"]
    if fit.unused:
        parts.append(f"none for {', '.join(fit.unused)}, the same in every battle")
    if fit.n_left_out:
        parts.append(f"{counted(fit.n_left_out, 'vote')} left out of the fit, because such a number is missing")
    return [f"{'; '.join(parts)}."]


def _coefficient(one: Coefficient) -> str:
    return f"{one.name} {one.value:.3f} ({one.low:.3f} to {one.high:.3f})"


def _groups(board: Leaderboard) -> list[str]:
    if board.n_components == 1 or not board.rows:
        return []
    settings, fit = board.settings, board.fit
    is_cut = settings.ties == "ignore" or settings.both_bad == "ignore" or (fit is not None and fit.n_left_out)
    rated = "rated " * bool(is_cut)
    return [
        f"The models form {board.n_components} groups with no {rated}battles between them: ratings can be compared "
        "within a group only."
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
