"""One screen: a quick battle is stored when it is dealt, read for the page, and voted on."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial

from arena.rounds.turns.attempt import resumed
from arena.rules import ledger, limits
from arena.service.quick.views import Screen, ScreenReveal
from arena.service.refusal import Refusal
from arena.service.reveals.reveal import withdrawal_of
from arena.service.storage.access import in_database
from arena.service.storage.battles import StoredBattles
from arena.service.storage.votes import StoredVotes
from arena.service.upkeep import Upkeep
from arena.service.verdicts.facts import turn_facts, turns_of
from arena.service.votes.voting import WithdrawReason
from db.codes import BattleKind, Side, State
from db.errors import AlreadyVoted, NoSuchBattle, NotVotable
from db.outcome import Outcome
from db.queries import BattleRecord


class Screens:
    """The votes on screens, and their withdrawal. `now` returns a Unix time in seconds."""

    def __init__(self, stored: StoredBattles, votes: StoredVotes, upkeep: Upkeep, now: Callable[[], float]) -> None:
        self._stored = stored
        self._votes = votes
        self._upkeep = upkeep
        self._now = now

    async def vote(self, visitor: str, battle_id: str, outcome: Outcome, *, campaign: str | None) -> None:
        """Store the vote. The same vote again changes nothing.

        Raises:
            Refusal: `screen_not_found` (also for one of another visitor, or of another campaign), `screen_voted` (with
                another outcome), `battle_void`, `identical_answers`, `not_stored`.
        """
        record = await self._find(visitor, battle_id, campaign)
        if record.vote is None:
            read_s = max(0.0, self._now() - record.opened_at)
            try:
                _, cast = await in_database(partial(self._votes.vote, visitor, battle_id, outcome, read_s))
            except AlreadyVoted:  # in another tab, at the same moment
                record = await self._find(visitor, battle_id, campaign)
            except NotVotable as error:
                raise Refusal("battle_void") from error
            else:
                if cast.a is None:
                    self._upkeep.replay_soon()
                return
        if record.vote is None or record.vote.outcome is not outcome:
            raise Refusal("screen_voted")

    async def withdraw(self, visitor: str, battle_id: str, reason: WithdrawReason) -> None:
        """Withdraw the vote on a screen of a quick round. Again, it changes nothing.

        Raises:
            Refusal: `screen_not_found`, `not_yet` (there is no vote), `too_late` (limit_s), `withdrawn_day` (n),
                `withdrawn_total` (n, next_at), `not_stored`.
        """
        record = await self._find(visitor, battle_id, None)
        if record.vote is None:
            raise Refusal("not_yet")
        if record.vote.withdrawn_at is None:
            if limits.can_withdraw_s(voted_at=record.vote.cast_at, now=self._now()) <= 0:
                raise Refusal("too_late", limit_s=limits.WITHDRAW_WITHIN_S)
            await in_database(partial(self._votes.withdraw, visitor, battle_id, reason))
            self._upkeep.replay_soon()

    async def shown(self, record: BattleRecord) -> Screen:
        """Return a screen of a quick round as its page shows it; for a minute after the vote with what can be
        withdrawn."""
        screen, vote = screen_of(record), record.vote
        if screen.reveal is None or vote is None or vote.withdrawn_at is not None:
            return screen
        within_s = limits.can_withdraw_s(voted_at=vote.cast_at, now=self._now())
        if within_s <= 0:
            return screen
        done = await in_database(partial(self._votes.withdrawals, record.visitor))
        return replace(screen, reveal=replace(screen.reveal, withdrawal=withdrawal_of(done, within_s)))

    async def _find(self, visitor: str, battle_id: str, campaign: str | None) -> BattleRecord:
        try:
            record = await in_database(partial(self._stored.read, battle_id))
        except NoSuchBattle as error:
            raise Refusal("screen_not_found") from error
        is_theirs = record.visitor == visitor and record.kind is BattleKind.QUICK and record.campaign == campaign
        if not is_theirs:
            raise Refusal("screen_not_found")
        return record


def screen_of(record: BattleRecord) -> Screen:
    """Return a quick battle as its page shows it; names are in it once it has a vote."""
    assert record.deck_prompt is not None
    assert record.model_b is not None
    (turn,) = turns_of(record)
    a, b = (resumed(turn.shown(side)).view("writing") for side in Side)
    reveal = None
    if record.state is State.VOTED and record.vote is not None:
        reasons = tuple(reason.label for reason in record.vote.reasons)
        reveal = ScreenReveal(record.vote.outcome, (record.model_a, record.model_b), reasons)
    return Screen(
        battle_id=record.battle_id,
        prompt=turn.prompt,
        a=a,
        b=b,
        is_tie_only=ledger.are_identical([turn_facts(turn)]),
        reveal=reveal,
    )
