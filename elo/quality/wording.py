"""The text of the report on the quality of votes, part by part."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence

from elo.board.table import aligned
from elo.quality.agreement import Agreement, Alpha
from elo.quality.consequences import Move
from elo.quality.controls import Controls
from elo.quality.gathering import Prompts, Withdrawals
from elo.quality.shares import Share
from elo.quality.surges import Day, Surges
from elo.quality.voters.partiality import Leaning
from elo.quality.voters.testing import Examination, Voter

_MOST_ROWS = 20
_MOST_MOVES = 5
_RESULTS = {"won": "won", "lost": "lost", "tie": "tie", "both_bad": "both bad"}
_REASONS = {
    "sides": "nearly always one side",
    "ties": "nearly always a tie",
    "others": "votes at random, or against the others",
    "one_model": "for or against one model",
}


def counted(n_votes: int, n_counted: int, exclusions: Mapping[str, int]) -> list[str]:
    lines = [f"{_votes(n_votes)}, of which {n_counted:,} count{'s' * (n_counted == 1)}."]
    if exclusions:
        reasons = ", ".join(f"{reason} {n:,}" for reason, n in sorted(exclusions.items()))
        has_several = sum(exclusions.values()) > n_votes - n_counted
        lines.append(f"Left out, by reason: {reasons}{' (a vote can have several)' if has_several else ''}.")
    return lines


def controls(found: Controls | None) -> list[str]:
    if found is None:
        return []
    if found.left.share is None:
        won = "no vote has a winner"
    else:
        won = f"the left won {_percent(found.left)} of {_votes(found.left.n)} with a winner: {_preference(found.left)}"
    lines = [
        f"Control battles, with the same model on both sides: {_votes(found.votes)}; {won}. "
        f"Ties: {_percent(found.ties)}, including both-bad, {_percent(found.both_bad)}."
    ]
    if found.bias is not None:
        worth = f"{found.bias.points:+.0f} points of the rating scale"
        lines.append(f"So the left side is worth {worth} ({found.bias.low:+.0f} to {found.bias.high:+.0f}).")
    return lines


def sides(left: Share) -> str:
    if left.share is None:
        return "Sides: no vote has a winner."
    return f"Sides: the left won {_percent(left)} of {_votes(left.n)} with a winner: {_preference(left)}."


def _preference(left: Share) -> str:
    assert left.share is not None
    if left.low <= 0.5 <= left.high:
        return "neither side is preferred"
    return f"the {'left' if left.share > 0.5 else 'right'} side is preferred, beyond chance"


def ties(ties: Share, both_bad: Share) -> str:
    if ties.share is None:
        return "Ties: no vote counts."
    return f"Ties: {_percent(ties)} of the votes that count, including both-bad, {_percent(both_bad)}."


def prompts(prompts: Prompts) -> list[str]:
    if not prompts.votes:
        return []
    return [
        f"Prompts: {prompts.distinct:,} different ones in {_votes(prompts.votes)}; "
        f"{_votes(prompts.by_same_voter)} on a prompt that the same voter had voted on before; "
        f"the most frequent was used {prompts.most:,} time{'s' * (prompts.most != 1)}."
    ]


def agreement(found: Mapping[str, Agreement]) -> list[str]:
    if not found:
        return []
    lines = ["", "Agreement between voters (Krippendorff's alpha; 1: all agree, 0: as often as by chance):"]
    return [
        *lines,
        *(
            f"{f'campaign {name}' if name else 'other prepared pairs'}: {agreement_line(one)}"
            for name, one in found.items()
        ),
    ]


def agreement_line(one: Agreement) -> str:
    return (
        f"{one.n_pairs:,} pair{'s' * (one.n_pairs != 1)} with two votes or more ({_votes(one.n_votes)} of"
        f" {one.n_voters:,} voters); nominal {_alpha(one.nominal)}, ordinal {_alpha(one.ordinal)}."
    )


def withdrawals(found: Sequence[Withdrawals]) -> list[str]:
    if not found:
        return []
    rows = [
        [one.model, _RESULTS[one.result], f"{one.withdrawn.hits:,}", f"{one.withdrawn.n:,}", _percent(one.withdrawn)]
        for one in found[:_MOST_ROWS]
    ]
    table = aligned(["model", "result", "withdrawn", "of", "share"], rows, left=(0, 1))
    return ["", "Withdrawn votes, by model and its result:", *table, *_more(len(found))]


def voters(found: Examination | None) -> list[str]:
    if found is None:
        return ["Voters: the votes do not name them, so neither voters nor days can be tested."]
    habits, flagged = found.habits, found.flagged
    lines = [
        "",
        f"Voters: {len(found.voters):,}, each tested after every vote. Flagged: {len(flagged):,}"
        f"{_by_reason(flagged)}. At most {100 * found.level:g} % of honest voters are ever flagged, so a flag is a "
        "reason to look, not a proof.",
        f"Honest voters are assumed to choose the left in {_habit(habits.left.mean, habits.left.sd)} of their votes "
        f"with a winner, and a tie in {_habit(habits.ties.mean, habits.ties.sd)} of their votes. Their assumed "
        f"distance from the others is {habits.taste:.2f} (random votes: 1), and their liking of a model differs from "
        f"the others' by {found.taste:.0f} points. Seed {found.seed}.",
    ]
    if found.n_unknown:
        lines.append(f"Votes of unknown voters: {found.n_unknown:,}.")
    if flagged:
        header = ["voter", "votes", "left", "ties", "distance", "flagged after", "because"]
        lines += aligned(header, [_voter(voter) for voter in flagged[:_MOST_ROWS]], left=(0, 6))
        lines += _more(len(flagged))
        lines += _pushed(flagged)
    return lines


def moves(found: Sequence[Move], voters: Examination | None) -> list[str]:
    if voters is None or not voters.flagged:
        return []
    if not found:
        return ["Without the flagged voters every model keeps its place."]
    rows = [
        [
            one.model, f"{one.place}", f"{one.rating:.0f}",
            "-" if one.place_without is None else f"{one.place_without}",
            "-" if one.rating_without is None else f"{one.rating_without:.0f}",
        ]
        for one in found[:_MOST_MOVES]
    ]  # fmt: skip
    table = aligned(["model", "place", "rating", "place without", "rating without"], rows, left=(0,))
    n = len(found)
    more = [f"and {n - _MOST_MOVES:,} more; --json writes all"] if n > _MOST_MOVES else []
    return [f"Without the flagged voters {n:,} model{'s' * (n != 1)} would have another place:", *table, *more]


def surges(found: Surges | None) -> list[str]:
    if found is None:
        return ["Days: not tested, because the votes do not name both their voters and their times."]
    n_days = len({day.day for day in found.days})
    lines = [
        "",
        f"Days: {n_days:,}, each tested for a push for or against one model, by voters who were new that day and by "
        f"older ones. Found: {len(found.found):,}. At most {100 * found.level:g} % of arenas without a push ever show "
        "one.",
        f"A day's voters are assumed to differ from the others in their liking of a model by {found.taste:.0f} points.",
    ]
    if found.n_unknown:
        lines.append(f"Votes without a time or a voter, which are left out here: {found.n_unknown:,}.")
    if found.found:
        header = ["day", "model", "voters", "won", "lost", "tied", "won %", "expected %", "likelier than chance"]
        lines += aligned(header, [_day(day) for day in found.found[:_MOST_ROWS]], left=(0, 1))
        lines += _more(len(found.found))
    return lines


def next_steps(voters: Examination | None, surges: Surges | None) -> list[str]:
    """What to do now, in plain words."""
    steps = []
    if voters is not None and voters.flagged:
        steps.append(
            "Read some votes of each flagged voter before you leave any out. To rate without them, use "
            "recompute --where 'COLUMN!=VOTER', once for each, and say so beside the board."
        )
    if voters is not None and any(voter.reason == "one_model" for voter in voters.flagged):
        steps.append(
            "Voters for or against one model: compare when they came and from where. Several at the same time may be "
            "one person, or have followed one call for votes."
        )
    if surges is not None and surges.found:
        steps.append(
            "Days found: if only new voters prefer the model, look for a call for votes on that day, and rate once "
            "without their votes. If older voters do so too, the model or the prompts may have changed: rate the votes "
            "before and after that day separately."
        )
    if voters is None:
        steps.append("To test voters and days, export votes with a column voter and a column timestamp.")
    elif surges is None:
        steps.append("To test days, export votes with a column timestamp.")
    if not steps:
        steps.append(
            "Nothing stands out. These tests cannot see a voter with few votes for one model on a quiet day, or one "
            "who hides such votes among honest ones."
        )
    return ["", "Next:", *(f"- {step}" for step in steps)]


def _by_reason(flagged: Iterable[Voter]) -> str:
    reasons = Counter(voter.reason for voter in flagged if voter.reason is not None)
    counts = ", ".join(f"{_REASONS[reason]} {n:,}" for reason, n in sorted(reasons.items(), key=lambda one: -one[1]))
    return f" ({counts})" if counts else ""


def _pushed(flagged: Iterable[Voter]) -> list[str]:
    """One line for each model that flagged voters are for or against."""
    pushed: dict[tuple[str, str], list[Leaning]] = defaultdict(list)
    for voter in flagged:
        if voter.reason == "one_model" and voter.leaning is not None:
            pushed[voter.leaning.model, voter.leaning.direction].append(voter.leaning)
    return [
        f"{len(found):,} voter{'s' * (len(found) != 1)} {direction} {model}: it won {sum(one.won for one in found):,} "
        f"of {sum(one.decided for one in found):,} votes with a winner up to their flags; the others would give it "
        f"{100 * sum(one.expected * one.decided for one in found) / sum(one.decided for one in found):.0f} %."
        for (model, direction), found in sorted(pushed.items(), key=lambda one: (-len(one[1]), one[0]))[:_MOST_ROWS]
    ]


def _voter(voter: Voter) -> list[str]:
    left = "-" if voter.left_share is None else f"{100 * voter.left_share:.0f} %"
    distance = "-" if voter.distance is None else f"{voter.distance:.1f}"
    because = "" if voter.reason is None else _REASONS[voter.reason]
    if voter.reason == "one_model" and voter.leaning is not None:
        because = (
            f"{voter.leaning.direction} {voter.leaning.model}: it won {voter.leaning.won} of {voter.leaning.decided}"
        )
    return [
        voter.voter, f"{voter.n_votes:,}", left, f"{100 * voter.tie_share:.0f} %", distance, f"{voter.flagged_after}",
        because,
    ]  # fmt: skip


def _day(day: Day) -> list[str]:
    decided = day.won + day.lost
    return [
        day.day, day.model, f"{day.n_voters:,} {day.voters}", f"{day.won:,}", f"{day.lost:,}", f"{day.tied:,}",
        f"{100 * day.won / decided:.0f}" if decided else "-",
        "-" if day.expected is None else f"{100 * day.expected:.0f}", f"10^{day.evidence:.0f}",
    ]  # fmt: skip


def _votes(n: int) -> str:
    return f"{n:,} vote{'s' * (n != 1)}"


def _alpha(found: Alpha | None) -> str:
    return (
        "none, because all votes are the same"
        if found is None
        else f"{found.value:.2f} ({found.low:.2f} to {found.high:.2f})"
    )


def _percent(share: Share) -> str:
    assert share.share is not None
    return f"{100 * share.share:.1f} % ({100 * share.low:.1f} to {100 * share.high:.1f})"


def _habit(mean: float, sd: float) -> str:
    return f"{100 * mean:.0f} % (standard deviation {100 * sd:.0f})"


def _more(n: int) -> list[str]:
    return [f"and {n - _MOST_ROWS:,} more; --json writes all"] if n > _MOST_ROWS else []
