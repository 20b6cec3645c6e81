"""The steps of a visitor with a battle that has begun, before its vote.

The next prompt, stop, retry, regenerate, another pair, leave. `Arena` documents each step and its refusals.
"""

from functools import partial

from arena.rounds.views import Side
from arena.service.battles.live import Live
from arena.service.battles.memory import LiveBattles
from arena.service.battles.named import NamedPages
from arena.service.battles.opening import Opening
from arena.service.moderation.prompts import PromptChecks
from arena.service.refusal import Refusal
from arena.service.storage.battles import StoredBattles


class Steps:
    def __init__(
        self, stored: StoredBattles, battles: LiveBattles, opening: Opening, named: NamedPages, checks: PromptChecks
    ) -> None:
        self._stored = stored
        self._battles = battles
        self._opening = opening
        self._named = named
        self._checks = checks

    async def send(self, visitor: str, battle_id: str, prompt: str) -> str:
        live = await self._to_ask(visitor, battle_id)
        battle = live.battle
        async with live.lock:
            live.refuse_unless("votable")
            if battle.n_turns >= battle.max_turns:
                raise Refusal("too_many_turns", limit=battle.max_turns)
            if not battle.view().can_send:
                raise Refusal("not_yet")
            turn = battle.n_turns + 1
            finding = await self._checks.check(visitor, prompt, battle_id=battle.battle_id, turn=turn)
            check = None if finding is None else finding.check(turn, None)
            await self._battles.change(live, partial(self._stored.add_turn, battle.battle_id, prompt, check))
            battle.ask(prompt, finding=finding)
        return battle.battle_id

    async def stop(self, visitor: str, battle_id: str) -> None:
        live = await self._battles.find(visitor, battle_id)
        if not live.battle.is_being_written:
            raise Refusal("not_yet")
        await live.battle.stop()
        if live.successor is not None and live.is_replaced:  # another pair took over at this moment
            await self.stop(visitor, live.successor)

    async def retry(self, visitor: str, battle_id: str, side: Side) -> None:
        live = await self._to_ask(visitor, battle_id)
        async with live.lock:
            live.refuse_unless("open", "votable")
            if not live.battle.can_retry(side):
                raise Refusal("not_yet")
            if live.battle.state == "votable":
                await self._reopen(visitor, live)
            live.battle.retry(side)

    async def regenerate(self, visitor: str, battle_id: str) -> None:
        live = await self._to_ask(visitor, battle_id)
        async with live.lock:
            live.refuse_unless("votable")
            if not live.battle.can_regenerate:
                raise Refusal("cannot_regenerate")
            await self._reopen(visitor, live)
            live.battle.regenerate()

    async def another_pair(self, visitor: str, battle_id: str, *, address: str | None) -> str:
        live = await self._battles.find(visitor, battle_id)
        if live.kind != "battle":
            raise Refusal("names_shown")
        async with live.lock:
            if live.successor is None:
                self._opening.refuse_when_busy(visitor, besides=live.battle.battle_id)
                new_id = await self._opening.open(
                    visitor, live.battle.first_prompt, address=address, other_than=live.models
                )
                live.is_left, live.successor = True, new_id  # before its end, so that pages go on to the new one
                await live.battle.void("left")
                if live.successor != new_id:  # another pair took over at this moment
                    self._battles.succeed(live.successor, new_id)
                    await self.leave(visitor, live.successor)
                    live.successor = new_id
        return live.successor

    async def leave(self, visitor: str, battle_id: str) -> None:
        live = await self._battles.find(visitor, battle_id)
        live.is_left = True
        async with live.lock:
            await live.battle.void("left")
        if live.successor is not None and live.is_replaced:  # another pair took over at this moment
            await self.leave(visitor, live.successor)

    async def _to_ask(self, visitor: str, battle_id: str) -> Live:
        """Return a battle whose models may be asked. Raises Refusal: `battle_not_found`, `named_pages_off`."""
        live = await self._battles.find(visitor, battle_id)
        self._named.refuse_when_off(live.kind)
        return live

    async def _reopen(self, visitor: str, live: Live) -> None:
        self._opening.refuse_when_busy(visitor)
        await self._battles.change(live, partial(self._stored.reopen, live.battle.battle_id))
