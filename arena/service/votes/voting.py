"""Cast a vote on a battle, and withdraw it."""

from collections.abc import Callable
from functools import partial
from typing import Literal, get_args

from arena.rounds.views import Reveal
from arena.rules import limits
from arena.service.battles.live import Live
from arena.service.battles.memory import LiveBattles
from arena.service.refusal import Refusal
from arena.service.storage.access import in_database
from arena.service.storage.battles import StoredBattles
from arena.service.storage.votes import StoredVotes
from arena.service.upkeep import Upkeep
from db.codes import Reason
from db.errors import AlreadyVoted, NotVotable
from db.outcome import Outcome
from db.queries import CastVote

WithdrawReason = Literal["wrong_button", "misread"]
WITHDRAW_REASONS: tuple[WithdrawReason, ...] = get_args(WithdrawReason)


class Voting:
    """The votes of one process. `clock` is that of the battles, `now` returns a Unix time; both are in seconds."""

    def __init__(
        self,
        stored: StoredBattles,
        votes: StoredVotes,
        battles: LiveBattles,
        upkeep: Upkeep,
        *,
        clock: Callable[[], float],
        now: Callable[[], float],
    ) -> None:
        self._stored = stored
        self._votes = votes
        self._battles = battles
        self._upkeep = upkeep
        self._clock = clock
        self._now = now

    async def vote(self, live: Live, outcome: Outcome) -> Reveal:
        if live.kind == "chat":
            raise Refusal("no_vote_in_chat")
        async with live.lock:
            if live.battle.state != "voted":
                live.refuse_unless("votable")
                await self._cast(live, outcome)
            if live.reveal is None or live.reveal.outcome is not outcome:
                raise Refusal("already_voted")
            return live.timed(live.reveal, self._now())

    async def withdraw(self, live: Live, reason: WithdrawReason | None) -> Reveal:
        async with live.lock:
            if live.reveal is None:
                raise Refusal("not_yet")
            if Reason.WITHDRAWN.label not in live.reveal.reasons:
                if live.can_withdraw_s(self._now()) <= 0:
                    raise Refusal("too_late", limit_s=limits.WITHDRAW_WITHIN_S)
                battle = live.battle
                reasons = await in_database(partial(self._votes.withdraw, battle.visitor, battle.battle_id, reason))
                self._upkeep.replay_soon()
                await self._battles.retract(live, reasons)
            return live.timed(live.reveal, self._now())

    async def _cast(self, live: Live, outcome: Outcome) -> None:
        """Store the vote and set the reveal; if the battle already has a vote, set the reveal of that one."""
        battle = live.battle
        read_s = None if battle.ended_s is None else self._clock() - battle.ended_s
        cast: CastVote | None
        try:
            record, cast = await in_database(
                partial(self._votes.vote, battle.visitor, battle.battle_id, outcome, read_s)
            )
        except AlreadyVoted:
            record, cast = await in_database(partial(self._stored.read, battle.battle_id)), None
        except NotVotable as error:
            raise Refusal("battle_void") from error
        battle.become_voted()
        if cast is not None and cast.a is None:
            self._upkeep.replay_soon()
        await self._battles.unveil(live, record, cast)
