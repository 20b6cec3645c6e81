"""`Arena`, with one method for each step of a battle, and an attribute for each other group of what a page can ask.

It decides what a visitor may do and in which order the steps of a battle happen. `arena.rounds` decides how a battle
is written, `arena.rules` what counts, and the pages have every word to the visitor.
"""

from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from functools import partial

from arena.rounds.views import BattleView, Kind, Reveal, Side
from arena.service.battles.live import KINDS
from arena.service.parts import Parts
from arena.service.storage.access import in_database
from arena.service.votes.voting import WithdrawReason
from arena.standings import ModelCard
from db.outcome import Outcome


class Arena(Parts):
    """The use cases. A process has one `Arena`; call every method on the event loop on which `start` ran.

    `visitor` is the pseudonym that `arena.web.sender` makes of the cookie. A method that raises anything but `Refusal`
    has a bug.
    """

    async def send(self, visitor: str, battle_id: str | None, text: str, *, address: str | None = None) -> str:
        """Start a blind battle of two drawn models (`battle_id` None) or the next turn of any battle; return the
        battle's id. Follow the battle to see the answers.

        White space around the prompt is removed. The limits use `address` (HMAC).

        Raises: Refusal: `prompt_empty`, `prompt_too_long`, `prompt_not_text`, `prompt_illegal`, `prompt_hateful`,
            `prompt_unqualified`, `prompt_unchecked` (moderation), `busy`, `rate_limited`, `not_stored`; at the start
            also `models_failed`, and `models_loading`, `too_few_models` and `one_family`, for which a page calls
            `prompts.hold`; at a further turn also `battle_not_found`, `battle_void`, `already_voted`, `not_yet`,
            `too_many_turns`, `named_pages_off`.
        """
        prompt = self._opening.checked(text)
        self._opening.refuse_when_busy(visitor)
        if battle_id is None:
            self.prompts.note_start(visitor, "battle")
            battle_id = await self._opening.open(visitor, prompt, address=address)
        else:
            battle_id = await self._steps.send(visitor, battle_id, prompt)
        self._pulses.note(visitor)
        return battle_id

    async def open_named(
        self,
        visitor: str,
        text: str,
        *,
        models: Sequence[str],
        has_guardrails: bool,
        address: str | None = None,
    ) -> str:
        """Start a battle of two chosen models (side by side) or a chat with one; return its id. The names are in its
        views from the start, and answers are shown as they arrive. It is followed, continued with `send`, stopped,
        retried and left like a blind battle, and counts as one in the limits. A vote on two models is stored and does
        not count; a chat has no vote.

        Raises: Refusal: `named_pages_off`, `prompt_empty`, `prompt_too_long`, `prompt_not_text`, those of moderation
            (`send`), `pick_models`, `model_not_ready`, `busy`, `rate_limited`, `not_stored`.
        """
        prompt = self._opening.checked(text)
        self._opening.refuse_when_busy(visitor)
        self.prompts.note_start(visitor, "chat" if len(models) == 1 else "named")
        battle_id = await self._named.open(visitor, prompt, models, has_guardrails=has_guardrails, address=address)
        self._pulses.note(visitor)
        return battle_id

    def contestants(self) -> tuple[ModelCard, ...]:
        """Return the models that can be chosen by name, in the roster's order, ready or not.

        Raises:
            Refusal: `named_pages_off`.
        """
        return self._named.contestants()

    async def follow(self, visitor: str, battle_id: str) -> AsyncGenerator[BattleView, None]:
        """Yield the present view, then one after each change, at most every 100 ms. Without changes, yield once a
        second, so that a closed page is noticed and a clock moves. End after the view in which nothing runs any more.
        Any number of pages may follow one battle.

        Where another pair takes over, because a side failed before any text was shown or the visitor asked for another
        pair, the views go on with the new battle's, whose `battle_id` differs.

        Raises:
            Refusal: `battle_not_found`, `not_stored`.
        """
        following: str | None = battle_id
        while following is not None:
            live = await self._battles.find(visitor, following)
            following = None
            async with aclosing(live.battle.follow()) as views:
                async for view in views:
                    if view.state == "void" and live.successor is not None:
                        following = live.successor
                        break
                    yield live.complete(view, self._now())

    async def view(self, visitor: str, battle_id: str) -> BattleView:
        """Return the present view of the battle, also after a restart of the process.

        Raises:
            Refusal: `battle_not_found`, `not_stored`.
        """
        live = await self._battles.find(visitor, battle_id)
        return live.complete(live.battle.view(), self._now())

    async def current(self, visitor: str, kind: Kind = "battle") -> str | None:
        """Return the visitor's latest battle of this kind that is being written, waits for a vote or another prompt, or
        has a vote that can still be withdrawn. A reloaded page shows it again. None if a restart has ended a later one:
        the page offers the prompt of `prompts.interrupted`, and the earlier battle opens from the visitor's own page.

        Raises:
            Refusal: `named_pages_off`, `not_stored`.
        """
        self._named.refuse_when_off(kind)
        for live in self._battles.of(visitor):
            if live.kind == kind and live.is_current(self._now()):
                return live.battle.battle_id
        codes = [code for code, name in KINDS.items() if name == kind]
        opened_after = self.prompts.interrupted_at(visitor, kind)
        return await in_database(partial(self._stored.current, visitor, codes, opened_after))

    def pulse(self, visitor: str) -> int:
        """Return a number that differs after every step of the visitor in any tab (`arena.service.battles.pulses` says
        how a tab uses it): a prompt that waits or no longer does, a battle begun, a further prompt, stop, retry,
        regenerate, another pair, next, vote, withdrawal. Never fails.
        """
        return self._pulses.of(visitor)

    async def stop(self, visitor: str, battle_id: str) -> None:
        """Stop the answers. Both sides keep what has been shown, and the battle can be voted on.

        Raises:
            Refusal: `battle_not_found`, `not_yet` (nothing is being written), `not_stored`.
        """
        await self._steps.stop(visitor, battle_id)
        self._pulses.note(visitor)

    async def retry(self, visitor: str, battle_id: str, side: Side) -> None:
        """Ask a failed side again, with a new seed. Follow the battle again to see its answer.

        Raises: Refusal: `battle_not_found`, `battle_void`, `already_voted`, `not_yet` (the side has not failed, or
            was asked too often), `busy`, `named_pages_off`, `not_stored`.
        """
        await self._steps.retry(visitor, battle_id, side)
        self._pulses.note(visitor)

    async def regenerate(self, visitor: str, battle_id: str) -> None:
        """Ask all sides of the newest turn again, with new seeds, before the vote (`can_regenerate` of the view).
        Follow the battle again to see the answers. The earlier attempts stay stored.

        Raises: Refusal: `battle_not_found`, `battle_void`, `already_voted`, `not_yet` (the answers have not ended),
            `cannot_regenerate`, `busy`, `named_pages_off`, `not_stored`.
        """
        await self._steps.regenerate(visitor, battle_id)
        self._pulses.note(visitor)

    async def another_pair(self, visitor: str, battle_id: str, *, address: str | None = None) -> str:
        """Start a blind battle of another pair with this battle's first prompt, and leave this one, which becomes void
        if it has no vote; return the new battle's id. It counts as a battle in the limits. Asked twice, as by two tabs,
        it returns the same new battle.

        Raises: Refusal: `battle_not_found`, `names_shown` (the battle is not blind), `busy`, `rate_limited`,
            `models_failed`, `models_loading`, `too_few_models`, `one_family`, `not_stored`.
        """
        new_id = await self._steps.another_pair(visitor, battle_id, address=address)
        self._pulses.note(visitor)
        return new_id

    async def leave(self, visitor: str, battle_id: str) -> None:
        """Note that the visitor goes on to the next battle. A battle without a vote becomes void, and `current` no
        longer returns this one.

        Raises:
            Refusal: `battle_not_found`, `not_stored`.
        """
        await self._steps.leave(visitor, battle_id)
        self._pulses.note(visitor)

    async def vote(self, visitor: str, battle_id: str, outcome: Outcome) -> Reveal:
        """Store the vote with its verdict and, once that is committed, return the reveal with the names. The same
        vote again returns the stored one.

        Raises: Refusal: `battle_not_found`, `battle_void`, `not_yet` (a side has not ended), `already_voted` (with
            another outcome), `identical_answers` (equal answers allow only a tie or neither), `no_vote_in_chat`,
            `not_stored` (nothing changed; the vote can be cast again).
        """
        reveal = await self._voting.vote(await self._battles.find(visitor, battle_id), outcome)
        self._pulses.note(visitor)
        return reveal

    async def withdraw(self, visitor: str, battle_id: str, reason: WithdrawReason | None = None) -> Reveal:
        """Withdraw the vote, within `limits.WITHDRAW_WITHIN_S`. It stays in the ledger and no longer counts.

        Raises:
            Refusal: `battle_not_found`, `not_yet` (there is no vote), `too_late` (limit_s),
                `withdrawn_day` (n), `withdrawn_total` (n, next_at), `not_stored`.
        """
        reveal = await self._voting.withdraw(await self._battles.find(visitor, battle_id), reason)
        self._pulses.note(visitor)
        return reveal
