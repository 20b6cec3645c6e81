"""A report on the quality of all votes.

It is `elo.examine` in Python and `quality` on the command line. It excludes nothing; `voters.testing` and `surges`
explain what a flag means.
"""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass

import numpy as np
from numpy.typing import NDArray

from db.outcome import Outcome
from elo import estimate
from elo.battles import Votes
from elo.board.fragility import Fragility, fragility
from elo.board.notes import first_place
from elo.quality import wording
from elo.quality.agreement import Agreement
from elo.quality.consequences import Move, moves
from elo.quality.controls import Controls
from elo.quality.gathering import Ballot, Gathered, Prompts, Withdrawals
from elo.quality.shares import Share
from elo.quality.surges import Surges, surges
from elo.quality.voters import testing
from elo.quality.voters.testing import Examination
from elo.settings import Settings


@dataclass(frozen=True, slots=True)
class Quality:
    """The report. Shares are of the votes that count. `str()` returns it as text."""

    n_votes: int
    n_counted: int
    exclusions: Mapping[str, int]
    """Votes by reason; a vote with two reasons is in both."""
    left: Share
    """Votes for side A among those with a winner. If sides are drawn at random, anything but a half is a habit."""
    ties: Share
    """Votes without a winner, including both-bad."""
    both_bad: Share
    controls: Controls | None
    """Side bias, from battles with the same model on both sides; None without such votes."""
    withdrawals: tuple[Withdrawals, ...]
    """The most frequent first."""
    prompts: Prompts
    voters: Examination | None
    """None if no vote names its voter."""
    surges: Surges | None
    """None if no vote has both a voter and a time."""
    moves: tuple[Move, ...]
    """What the board would be without the flagged voters."""
    first_place: Fragility | None
    """How few votes decide who leads the board; None as in `board.fragility`."""
    agreement: Mapping[str, Agreement]
    """By campaign, and under "" on other prepared pairs; only where two voters or more have judged some pair."""

    def to_json(self) -> dict[str, object]:
        return {
            "votes": self.n_votes,
            "counted": self.n_counted,
            "exclusions": dict(sorted(self.exclusions.items())),
            "left": self.left.to_json(),
            "ties": self.ties.to_json(),
            "both_bad": self.both_bad.to_json(),
            "controls": self.controls and self.controls.to_json(),
            "withdrawals": [
                {"model": one.model, "result": one.result, **one.withdrawn.to_json()} for one in self.withdrawals
            ],
            "prompts": {**asdict(self.prompts), "repeated": self.prompts.repeated},
            "voters": None if self.voters is None else self.voters.to_json(),
            "surges": None if self.surges is None else self.surges.to_json(),
            "moves": [asdict(move) for move in self.moves],
            "first_place": self.first_place and self.first_place.to_json(),
            "agreement": {name: one.to_json() for name, one in self.agreement.items()},
        }

    def __str__(self) -> str:
        return "\n".join(
            [
                *wording.counted(self.n_votes, self.n_counted, self.exclusions),
                wording.sides(self.left),
                wording.ties(self.ties, self.both_bad),
                *wording.controls(self.controls),
                *wording.prompts(self.prompts),
                *wording.agreement(self.agreement),
                *first_place(self.first_place, self.n_counted),
                *wording.withdrawals(self.withdrawals),
                *wording.voters(self.voters),
                *wording.moves(self.moves, self.voters),
                *wording.surges(self.surges),
                *wording.next_steps(self.voters, self.surges),
            ]
        )


def examine(votes: Votes, settings: Settings | None = None, *, level: float = 0.05) -> Quality:
    """Examine votes that all count, in the order in which they were cast.

    `level` is the largest share of honest voters that is ever flagged, and of arenas without a push that ever show one.
    `settings` are the board's, for what decides its first place and for what changes without the flagged voters; `seed`
    breaks ties between votes. Voters need the column `voter`, surges `voter` and `time_s`.

    Raises ValueError for a level that is not between 0 and 1; MissingDataError, NoMaximumError and ConvergenceError as
    `estimate.fit`.
    """
    settings = settings or Settings()
    names = votes.voters if votes.voter is not None else ()
    voter = [-1] * len(votes) if votes.voter is None else votes.voter.tolist()
    time_s = [float("nan")] * len(votes) if votes.time_s is None else votes.time_s.tolist()
    pair = [""] * len(votes) if votes.prepared is None else [f"{one}" if one >= 0 else "" for one in votes.prepared]
    gathered = Gathered()
    for vote, one, at, prepared in zip(votes, voter, time_s, pair, strict=True):
        gathered.add(Ballot(*vote, voter=names[one] if one >= 0 else None, time_s=at, prepared=prepared or None))
    return _examined(gathered, votes, settings, level)


def examine_ballots(ballots: Iterable[Ballot], *, level: float = 0.05, seed: int = 0) -> Quality:
    """The same for all votes, also those that do not count, in the order in which they were cast, with the official
    board's settings.

    Voters are examined by the votes that count, and by those excluded only because of the voter (banned, unusual).
    """
    gathered = Gathered()
    for ballot in ballots:
        gathered.add(ballot)
    is_counted = np.frombuffer(gathered.counted, dtype=np.int8) == 1
    return _examined(gathered, gathered.votes().select(is_counted), Settings(seed=seed), level)


def _examined(gathered: Gathered, board: Votes, settings: Settings, level: float) -> Quality:
    """`board` are the votes that count, with all that the settings need."""
    votes = gathered.votes()
    is_counted = np.frombuffer(gathered.counted, dtype=np.int8) == 1
    has_winner = is_counted & ((votes.outcome == Outcome.A) | (votes.outcome == Outcome.B))
    assert votes.voter is not None
    assert votes.time_s is not None

    voter = votes.voter

    def share(hits: NDArray[np.bool_], of: NDArray[np.bool_]) -> Share:
        if (voter < 0).any():
            return Share.of(int((hits & of).sum()), int(of.sum()))
        return Share.by_voter(*(np.bincount(voter, which).astype(np.float64) for which in (hits & of, of)))

    voters = testing.examine(votes, level=level, seed=settings.seed) if (voter >= 0).any() else None
    names = {one.voter for one in voters.flagged} if voters is not None else set()
    has_days = bool((np.isfinite(votes.time_s) & (voter >= 0)).any())
    return Quality(
        n_votes=gathered.n_votes,
        n_counted=int(is_counted.sum()),
        exclusions=dict(gathered.exclusions),
        left=share(votes.outcome == Outcome.A, has_winner),
        ties=share(votes.outcome >= Outcome.TIE, is_counted),
        both_bad=share(votes.outcome == Outcome.BOTH_BAD, is_counted),
        controls=gathered.controls(),
        withdrawals=gathered.withdrawals(),
        prompts=gathered.prompts(),
        voters=voters,
        surges=surges(votes, level=level, left_out=_among(names, votes)) if has_days else None,
        moves=moves(board, _among(names, board), settings) if names else (),
        first_place=fragility(estimate.fit(board, settings)) if len(board) else None,
        agreement=gathered.agreement(settings.seed),
    )


def _among(names: set[str], votes: Votes) -> NDArray[np.bool_]:
    """(U,): which voters have these names."""
    return np.array([name in names for name in votes.voters], dtype=np.bool_)
