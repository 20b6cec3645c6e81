"""The report of `quality` as text."""

from elo.board.notes import first_place
from elo.board.table import aligned
from elo.quality.assess import Prompts, Quality, Share
from elo.quality.voters import Examination, Voter

_MOST_ROWS = 20
_RESULTS = {"won": "won", "lost": "lost", "tie": "tie", "both_bad": "both bad"}
_REASONS = {
    "sides": "nearly always one side",
    "ties": "nearly always a tie",
    "others": "like a coin, or against the others",
}


def report(quality: Quality) -> str:
    """Sentences, and tables of withdrawals and flagged voters."""
    lines = [f"{_votes(quality.n_votes)}, of which {quality.n_counted:,} count{'s' * (quality.n_counted == 1)}."]
    if quality.exclusions:
        reasons = ", ".join(f"{reason} {n:,}" for reason, n in sorted(quality.exclusions.items()))
        has_several = sum(quality.exclusions.values()) > quality.n_votes - quality.n_counted
        lines.append(f"Left out, by reason: {reasons}{' (a vote can have several)' if has_several else ''}.")
    lines += [_sides(quality.left), _ties(quality.ties, quality.both_bad), *_prompts(quality.prompts)]
    lines += first_place(quality.first_place, quality.n_counted)
    lines += _withdrawals(quality)
    lines += _voters(quality.voters) if quality.voters is not None else ["Voters: the votes do not name them."]
    return "\n".join(lines)


def _sides(left: Share) -> str:
    if left.share is None:
        return "Sides: no vote has a winner."
    if left.low <= 0.5 <= left.high:
        preference = "neither side is preferred"
    else:
        preference = f"the {'left' if left.share > 0.5 else 'right'} side is preferred, beyond chance"
    return f"Sides: the left won {_percent(left)} of {_votes(left.n)} with a winner: {preference}."


def _ties(ties: Share, both_bad: Share) -> str:
    if ties.share is None:
        return "Ties: no vote counts."
    return f"Ties: {_percent(ties)} of the votes that count, including both-bad, {_percent(both_bad)}."


def _prompts(prompts: Prompts) -> list[str]:
    if not prompts.votes:
        return []
    return [
        f"Prompts: {prompts.distinct:,} different ones in {_votes(prompts.votes)}; "
        f"{_votes(prompts.by_same_voter)} on a prompt that the same voter had voted on before; "
        f"the most frequent was used {prompts.most:,} time{'s' * (prompts.most != 1)}."
    ]


def _withdrawals(quality: Quality) -> list[str]:
    if not quality.withdrawals:
        return []
    rows = [
        [one.model, _RESULTS[one.result], f"{one.withdrawn.hits:,}", f"{one.withdrawn.n:,}", _percent(one.withdrawn)]
        for one in quality.withdrawals[:_MOST_ROWS]
    ]
    table = aligned(["model", "result", "withdrawn", "of", "share"], rows, left=(0, 1))
    return ["", "Withdrawn votes, by model and its result:", *table, *_more(len(quality.withdrawals))]


def _voters(found: Examination) -> list[str]:
    habits, flagged = found.habits, found.flagged
    lines = [
        "",
        f"Voters: {len(found.voters):,}, each tested after every vote. Flagged: {len(flagged):,}. At most "
        f"{100 * found.level:g} % of honest voters are ever flagged, so a flag is a reason to look, not a proof.",
        f"Honest voters are assumed to choose the left in {_habit(habits.left.mean, habits.left.sd)} of their votes "
        f"with a winner, to tie in {_habit(habits.ties.mean, habits.ties.sd)}, and to have a distance of "
        f"{habits.taste:.2f} from the others (a coin: 1). Seed {found.seed}.",
    ]
    if found.n_unknown:
        lines.append(f"Votes of unknown voters: {found.n_unknown:,}.")
    if flagged:
        header = ["voter", "votes", "left", "ties", "distance", "flagged after", "because"]
        lines += aligned(header, [_voter(voter) for voter in flagged[:_MOST_ROWS]], left=(0, 6))
        lines += _more(len(flagged))
    return lines


def _voter(voter: Voter) -> list[str]:
    left = "-" if voter.left_share is None else f"{100 * voter.left_share:.0f} %"
    distance = "-" if voter.distance is None else f"{voter.distance:.1f}"
    because = "" if voter.reason is None else _REASONS[voter.reason]
    return [
        voter.voter, f"{voter.n_votes:,}", left, f"{100 * voter.tie_share:.0f} %", distance, f"{voter.flagged_after}",
        because,
    ]  # fmt: skip


def _votes(n: int) -> str:
    return f"{n:,} vote{'s' * (n != 1)}"


def _percent(share: Share) -> str:
    assert share.share is not None
    return f"{100 * share.share:.1f} % ({100 * share.low:.1f} to {100 * share.high:.1f})"


def _habit(mean: float, sd: float) -> str:
    return f"{100 * mean:.0f} % (standard deviation {100 * sd:.0f})"


def _more(n: int) -> list[str]:
    return [f"and {n - _MOST_ROWS:,} more; --json writes all"] if n > _MOST_ROWS else []
