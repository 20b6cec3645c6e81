"""What came of a campaign: how far each voter is, how far they agree, and the board of its votes.

The board is computed as `python -m elo recompute --cluster pair` does on an export of these votes: several people have
judged the same answers, so the intervals are clustered by pair.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from db.outcome import Outcome
from db.queries import Campaign, CampaignVote
from elo.battles import MissingDataError, Votes
from elo.board.leaderboard import Leaderboard, rate
from elo.board.notes import counted
from elo.board.table import table
from elo.fit.bradley_terry import NoMaximumError
from elo.fit.clusters import ClusterError
from elo.quality.agreement import Agreement, Judgement
from elo.quality.wording import agreement_line
from elo.settings import Settings

_SHOWN_CHARS = 12  # of a pseudonym, as on the owner's page


@dataclass(frozen=True, slots=True)
class CampaignReport:
    campaign: Campaign
    n_done: Mapping[str, int]
    """Pairs that each voter has judged, by pseudonym."""
    n_counted: int
    agreement: Agreement
    """Of the votes that count."""
    board: Leaderboard | None
    why_no_board: str

    def to_json(self) -> dict[str, object]:
        one = self.campaign
        return {
            "campaign": one.name,
            "deck": one.deck,
            "created_at": one.created_at,
            "closed_at": one.closed_at,
            "max_people": one.max_people,
            "pairs": one.n_pairs,
            "votes": sum(self.n_done.values()),
            "counted": self.n_counted,
            "voters": [{"voter": voter, "votes": n} for voter, n in self.n_done.items()],
            "agreement": self.agreement.to_json(),
            "board": None if self.board is None else self.board.to_json(),
            "why_no_board": self.why_no_board or None,
        }

    def __str__(self) -> str:
        one, n_votes = self.campaign, sum(self.n_done.values())
        people = f"{len(self.n_done):,} of " * (one.max_people is not None)
        people += counted(one.max_people or len(self.n_done), "person", "people")
        lines = [
            f"Campaign {one.name}, deck {one.deck}, {'open' if one.is_open else 'closed'}: "
            f"{counted(one.n_pairs, 'pair')}, {people}, {counted(n_votes, 'vote')}, of which {self.n_counted:,} count.",
            "",
            "Progress:",
            *(
                f"  {voter[:_SHOWN_CHARS]}  {n:,} of {one.n_pairs:,}{' (finished)' if n >= one.n_pairs else ''}"
                for voter, n in self.n_done.items()
            ),
            *([] if self.n_done else ["  nobody has voted"]),
            "",
            "Agreement (Krippendorff's alpha; 1: all agree, 0: as often as by chance):",
            f"  {agreement_line(self.agreement)}" if self.agreement.n_pairs else "  no pair has two votes",
            "",
            "Board, with intervals clustered by pair:",
            table(self.board) if self.board is not None else f"  {self.why_no_board}",
        ]
        return "\n".join(lines)


def report(campaign: Campaign, votes: Sequence[CampaignVote], settings: Settings) -> CampaignReport:
    """Return the report of these votes, in order of revision, with the board's settings."""
    that_count = [vote for vote in votes if vote.counted]
    judgements = (
        Judgement(f"{vote.pair.key}:{vote.pair.model_x}|{vote.pair.model_y}", vote.voter, *vote.pair[1:], vote.outcome)
        for vote in that_count
    )
    board, why = _board(that_count, settings)
    return CampaignReport(
        campaign=campaign,
        n_done=dict(sorted(Counter(vote.voter for vote in votes).items(), key=lambda one: (-one[1], one[0]))),
        n_counted=len(that_count),
        agreement=Agreement.of(judgements, seed=settings.seed),
        board=board,
        why_no_board=why,
    )


def _board(votes: Sequence[CampaignVote], settings: Settings) -> tuple[Leaderboard | None, str]:
    """Return the board, or the reason why there is none."""
    if not votes:
        return None, "no vote counts yet"
    settings = replace(
        settings, method="bradley-terry", cluster="pair", control=(), ridge=0.0, weights="none", half_life_days=None
    )
    try:
        return rate(votes_of(votes), settings), ""
    except (MissingDataError, NoMaximumError, ClusterError) as error:
        return None, str(error)


def votes_of(votes: Sequence[CampaignVote]) -> Votes:
    """Return the votes as `elo` rates them, each with the number of its pair."""
    pairs = {pair: number for number, pair in enumerate(dict.fromkeys(vote.pair for vote in votes))}
    voters = {voter: number for number, voter in enumerate(dict.fromkeys(vote.voter for vote in votes))}
    rows = Votes.from_rows((vote.pair.model_x, vote.pair.model_y, Outcome(vote.outcome)) for vote in votes)
    return replace(
        rows,
        voter=np.array([voters[vote.voter] for vote in votes], dtype=np.int32),
        voters=tuple(voters),
        prepared=np.array([pairs[vote.pair] for vote in votes], dtype=np.int32),
    )
