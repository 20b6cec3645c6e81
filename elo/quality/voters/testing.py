"""Tests that find voters who do not judge what they read.

Careless voters vote always for one side, always for a tie, at random, or against everybody. Fans vote for one model,
and rivals against it, whatever the answers. Four tests examine every voter after every vote. The evidence of each is
how many times likelier the votes so far are under such a rule than under the habits of honest voters.

    sides      votes with a winner: nearly all left, or nearly all right   against the sides honest voters choose
    ties       all votes: nearly all without a winner                      against the ties honest voters give
    others     agreement with earlier votes on the same pair               against the tastes of honest voters
               (`exchangeability`): random votes, or the opposite ones
    one_model  votes for or against one model (`partiality`)               against the ratings without this voter, and
                                                                           the tastes of honest voters

For an honest voter each is a martingale that starts at 1, and so is their mean: at most a share `level` of honest
voters ever reach 1/level, however many votes they cast (Ville 1939). So a voter can be tested after every vote
without a correction for the number of tests.

Honest voters need not be alike: `habits` and `partiality` say how far they may differ, estimated from all voters. So
the guarantee covers people who differ by chance, independently of each other. Honest people who agree with each other
against the rest are far from the others, and may be flagged. Sides must be drawn at random, as in the arena: else a
good model that is often on the left looks like a habit.

Fans of one model lift it together, and each hides behind the others. So flagged voters are left out of the ratings
against which everybody is compared, and all are tested again, until the same voters are flagged twice.

A flag is a reason to look, not a proof. Nothing here excludes a vote.
"""

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Literal, get_args

import numpy as np

from db.outcome import Outcome
from elo.battles import Floats, Index, Votes
from elo.quality.leave_out import Decided
from elo.quality.voters import habits
from elo.quality.voters.exchangeability import scores
from elo.quality.voters.habits import Habits
from elo.quality.voters.partiality import Leaning, Partiality, partiality

Test = Literal["sides", "ties", "others", "one_model"]
_TESTS: tuple[Test, ...] = get_args(Test)
_MOST_ROUNDS = 10


@dataclass(frozen=True, slots=True)
class Voter:
    """One voter, with the decimal logarithm of the evidence of the four tests after the last vote."""

    voter: str
    n_votes: int
    left_share: float | None
    """Of the votes with a winner; None without one."""
    tie_share: float
    distance: float | None
    """From the other voters: 0 agrees with them, 1 votes at random, 2 votes against them; None: nothing to compare."""
    sides: float
    ties: float
    others: float
    one_model: float
    leaning: Leaning | None
    """The model voted for or against, up to the flag, where that is the reason; else None."""
    flagged_after: int | None
    """The vote at which the voter was flagged; None: never. Later votes do not remove a flag."""
    reason: Test | None
    """The test with the most evidence at that vote."""


@dataclass(frozen=True, slots=True)
class Examination:
    """All voters, by number of votes, then by name."""

    voters: tuple[Voter, ...]
    habits: Habits
    taste: float
    """The assumed standard deviation of an honest voter's liking of a model, in points."""
    level: float
    """The largest share of honest voters that is ever flagged."""
    seed: int
    n_unknown: int
    """Votes of unknown voters, which count only as others' opinions."""

    def to_json(self) -> dict[str, object]:
        return {**asdict(self), "flagged": len(self.flagged)}

    @property
    def flagged(self) -> tuple[Voter, ...]:
        return tuple(voter for voter in self.voters if voter.flagged_after is not None)


def examine(votes: Votes, *, level: float = 0.05, seed: int = 0) -> Examination:
    """Test every voter after every vote. The votes are in the order in which they were cast.

    `bench.voters` measures how many honest voters are flagged, and after how many votes the others are.

    Raises ValueError for votes without voters, and for a level that is not between 0 and 1.
    """
    if votes.voter is None:
        raise ValueError("these votes do not name their voters; expected a column of voters")
    if not 0 < level < 1:
        raise ValueError(f"level {level!r} is not between 0 and 1")
    tracks = _tracks(votes, seed)
    ends = tracks.ends
    honest = habits.habits(
        tracks.n[ends], tracks.decided[ends], tracks.left[ends], tracks.disagreement[ends], tracks.information[ends]
    )
    careless = np.stack(
        [
            habits.sides(tracks.left, tracks.decided, honest.left),
            habits.ties(tracks.n - tracks.decided, tracks.n, honest.ties),
            habits.others(tracks.disagreement, tracks.information, honest.taste),
        ]
    )
    decided, left_out = Decided.of(votes), np.zeros(len(votes.voters), dtype=np.bool_)
    most = np.log(100 * 2 * max(len(votes.models), 1) * len(_TESTS) / level)
    for _ in range(_MOST_ROUNDS):
        compared = partiality(votes, decided, left_out, most=most)
        evidence = np.concatenate([careless, compared.evidence[tracks.place][None]])
        mean = np.logaddexp.reduce(evidence, axis=0) - np.log(len(_TESTS))
        is_over = np.flatnonzero(mean >= -np.log(level))
        flagged = np.isin(np.arange(len(left_out)), tracks.voter[is_over])
        if (flagged == left_out).all():
            break
        left_out = flagged
    flagged_at = dict(zip(tracks.voter[is_over[::-1]].tolist(), is_over[::-1].tolist(), strict=True))  # keeps the first
    found = sorted(_voters(votes, tracks, evidence, compared, flagged_at), key=lambda one: (-one.n_votes, one.voter))
    n_unknown = int((votes.voter < 0).sum())
    return Examination(tuple(found), honest, compared.taste, level, seed, n_unknown)


def _voters(
    votes: Votes, tracks: "_Tracks", evidence: Floats, compared: Partiality, flagged_at: dict[int, int]
) -> Iterator[Voter]:
    for voter, start, last in zip(
        tracks.voter[tracks.starts].tolist(), tracks.starts.tolist(), tracks.ends.tolist(), strict=True
    ):
        at = flagged_at.get(voter)
        decided, spread = int(tracks.decided[last]), float(tracks.information[last])
        sides, ties, others, one_model = (evidence[:, last] / np.log(10)).tolist()
        reason = None if at is None else _TESTS[int(np.argmax(evidence[:, at]))]
        yield Voter(
            voter=votes.voters[voter],
            n_votes=last - start + 1,
            left_share=int(tracks.left[last]) / decided if decided else None,
            tie_share=1 - decided / (last - start + 1),
            distance=float(tracks.disagreement[last]) / spread if spread else None,
            sides=sides,
            ties=ties,
            others=others,
            one_model=one_model,
            leaning=compared.leaning(voter, int(tracks.place[at]))
            if at is not None and reason == "one_model"
            else None,
            flagged_after=None if at is None else at - start + 1,
            reason=reason,
        )


@dataclass(frozen=True, slots=True, eq=False)
class _Tracks:
    """The votes of known voters, by voter and in order, with running sums within each voter, (N,) each."""

    voter: Index
    place: Index
    """Among all votes."""
    n: Index
    decided: Index
    left: Index
    disagreement: Floats
    """Sum of shift z."""
    information: Floats
    """Sum of shift^2: disagreement is normal with mean distance x information and variance information."""
    starts: Index
    """(U,): the first vote of each voter."""
    ends: Index
    """(U,): the last vote of each voter."""


def _tracks(votes: Votes, seed: int) -> _Tracks:
    assert votes.voter is not None
    found = scores(votes, seed=seed)
    order = np.argsort(votes.voter, kind="stable")
    order = order[votes.voter[order] >= 0]
    voter, outcome = votes.voter[order].astype(np.int64), votes.outcome[order]
    starts = np.flatnonzero(np.diff(voter, prepend=-1))
    sizes = np.diff(starts, append=len(voter))

    def running(values: Floats) -> Floats:
        total = np.cumsum(values)
        within: Floats = total - np.repeat(total[starts] - values[starts], sizes)
        return within

    left, decided = outcome == Outcome.A, (outcome == Outcome.A) | (outcome == Outcome.B)
    shift = found.shift[order]
    return _Tracks(
        voter,
        order,
        n=running(np.ones(len(voter))).astype(np.int64),
        decided=running(decided.astype(np.float64)).astype(np.int64),
        left=running(left.astype(np.float64)).astype(np.int64),
        disagreement=running(shift * found.z[order]),
        information=running(shift**2),
        starts=starts,
        ends=starts + sizes - 1,
    )
