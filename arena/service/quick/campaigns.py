"""Campaigns: whoever has the link judges a fixed list of prepared pairs, all of it.

A voter sees each pair once, in an order and on sides of their own, and may leave and come back. Names are shown once
the voter has judged everything, so that no vote can follow from a name.
"""

from collections import defaultdict
from collections.abc import Callable, Mapping
from functools import partial
from typing import TypeVar

from arena.rounds.review_queue import DRAW_PROBABILITY, Ballot, Subject, agreement, queue
from arena.service.quick.screens import Screens, screen_of
from arena.service.quick.views import Judgement, ReviewState, ReviewView
from arena.service.refusal import Refusal
from arena.service.storage.access import in_database
from arena.service.storage.battles import StoredBattles
from db import queries
from db.codes import BattleKind
from db.errors import AlreadyDealt, CampaignClosed, CampaignFull, NoSuchCampaign
from db.outcome import Outcome
from db.queries import Campaign, CampaignVote, NewBattle
from db.session import Database

_TRIES = 3
T = TypeVar("T")


class Campaigns:
    """The use cases; `Arena.campaigns`. `visitor` is a pseudonym, and `token` the secret part of a campaign's link."""

    def __init__(self, database: Database, stored: StoredBattles, screens: Screens, *, replica: str) -> None:
        self._database = database
        self._stored = stored
        self._screens = screens
        self._replica = replica

    async def view(self, visitor: str | None, token: str) -> ReviewView:
        """Return what the page shows; nothing is dealt.

        Raises:
            Refusal: `campaign_not_found`, `not_stored`.
        """
        return await self._asked(partial(_view, self._database, visitor or "", token))

    async def next(self, visitor: str, token: str, *, address: str | None = None) -> None:
        """Deal the voter's next pair, unless one waits for its vote. The first one makes the visitor one of the
        campaign's people. Where the voter cannot go on, nothing happens: the view says why.

        Raises:
            Refusal: `campaign_not_found`, `rate_limited_quick` (n, limit, window_s), `not_stored`.
        """
        for _ in range(_TRIES):
            name, left = await self._asked(partial(_left, self._database, visitor, token))
            if not left:
                return
            subject = queue(token, visitor, left)[0]
            new = NewBattle(
                visitor=visitor,
                model_a=subject.model_x,
                model_b=subject.model_y,
                settings=None,
                kind=BattleKind.QUICK,
                draw_probability=DRAW_PROBABILITY,
                address=address,
                deck_prompt=subject.prompt,
                replica=self._replica,
                campaign=name,
            )
            try:
                await in_database(partial(self._stored.deal, new))
            except AlreadyDealt:  # by another tab, at the same moment
                continue
            except (CampaignClosed, CampaignFull):
                pass
            return

    async def vote(
        self, visitor: str, token: str, battle_id: str, outcome: Outcome, *, address: str | None = None
    ) -> None:
        """Vote on the screen and deal the next one. Raises as `Screens.vote` and as `next`."""
        campaign = await self._asked(partial(_campaign, self._database, token))
        await self._screens.vote(visitor, battle_id, outcome, campaign=campaign.name)
        await self.next(visitor, token, address=address)

    async def _asked(self, work: Callable[[], T]) -> T:
        try:
            return await in_database(work)
        except NoSuchCampaign as error:
            raise Refusal("campaign_not_found") from error


def _campaign(database: Database, token: str) -> Campaign:
    with database.read() as tx:
        return queries.campaign_by_token(tx, token)


def _left(database: Database, visitor: str, token: str) -> tuple[str, list[Subject]]:
    with database.read() as tx:
        name = queries.campaign_by_token(tx, token).name
        return name, [Subject(*pair) for pair in queries.remaining_pairs(tx, name, visitor)]


def _view(database: Database, visitor: str, token: str) -> ReviewView:
    with database.read() as tx:
        campaign = queries.campaign_by_token(tx, token)
        progress = queries.campaign_progress(tx, campaign.name, visitor)
        n_done, n_pairs = progress.n_done, progress.n_pairs
        if progress.is_finished:
            prompts = {one.key: one.prompt.text for one in queries.deck_prompts_of(tx, campaign.deck)}
            ballots = _ballots(queries.campaign_votes(tx, campaign.name), visitor)
            judgements = _judgements(ballots, visitor, prompts)
            together = agreement(ballots, visitor)
            return ReviewView(campaign.name, "finished", n_done, n_pairs, None, judgements, together)
        if not progress.can_judge:
            return ReviewView(campaign.name, "full" if campaign.is_open else "closed", n_done, n_pairs)
        waiting = queries.current_battle(tx, visitor, [BattleKind.QUICK], campaign=campaign.name)
        if waiting is not None:
            screen = screen_of(queries.get_battle(tx, waiting))
            return ReviewView(campaign.name, "judging", n_done, n_pairs, screen)
        state: ReviewState = "paused" if progress.has_begun else "start"
        return ReviewView(campaign.name, state, n_done, n_pairs)


def _ballots(votes: list[CampaignVote], voter: str) -> list[Ballot]:
    """Return all votes that count, and the voter's own in any case."""
    kept = (vote for vote in votes if vote.counted or vote.voter == voter)
    return [Ballot(Subject(*vote.pair), vote.voter, vote.outcome) for vote in kept]


def _judgements(ballots: list[Ballot], voter: str, prompts: Mapping[str, str]) -> tuple[Judgement, ...]:
    others: dict[Subject, list[Outcome]] = defaultdict(list)
    for one in ballots:
        if one.voter != voter:
            others[one.subject].append(one.outcome)
    return tuple(
        Judgement(
            prompt=prompts.get(own.subject.prompt, ""),
            models=(own.subject.model_x, own.subject.model_y),
            outcome=own.outcome,
            n_same=others[own.subject].count(own.outcome),
            n_others=len(others[own.subject]),
        )
        for own in ballots
        if own.voter == voter
    )
