"""A battle page, which passes each click to `Arena` and shows the result.

There are three, of one kind each: blind battles at `/`, two named models side by side, and a chat with one. `Arena`
owns the battle; the page only follows it, with one async generator per battle that streams what changed. The page keeps
nothing but the battle's id, in an element, so a reload asks `Arena.current` and continues. It uses neither gr.State nor
unload, because each would occupy one of the browser's six connections per tab. For the same reason an idle page holds
no stream: a script notices that another tab of the browser went on, and clicks `refresh` (`tabs.js`).
`duel_layout` has the elements, `wiring` attaches the handlers, `showing` decides what is shown when.
"""

import asyncio
import random
from collections.abc import AsyncIterator, Sequence

import gradio as gr

from arena.rounds.watchers import TICK_S
from arena.service import Arena, Held, Kind, Refusal, Side
from arena.settings import Example
from arena.ui import showing
from arena.ui.conversation import Answers
from arena.ui.examples import offered
from arena.ui.faces import Face
from arena.ui.lines import notice, votes_so_far
from arena.ui.links import OPEN_BATTLE
from arena.ui.pages import after_vote
from arena.ui.pages.duel_layout import CHIPS, lay_out, sides_of
from arena.ui.pages.wiring import Given, Step, Stream, Wiring
from arena.ui.widgets import Caller, VisitorOf
from db.outcome import Outcome

MAX_VIEWS_PER_S = 400.0
"""Upper limit of all streams together. A view costs a millisecond or two of the only thread that serves pages, so with
many readers each of them gets fewer updates."""
HELD_POLL_S = 0.5
"""How often a waiting prompt checks whether it can be sent."""
MAX_NAME_CHARS = 80
"""How much of an unknown name in the page's address is repeated."""
_TOO_EARLY = ("models_loading", "too_few_models", "one_family")


class Duel:
    """A battle page in the present gr.Blocks: constructing it adds the elements and their handlers."""

    def __init__(
        self, arena: Arena, visitor_of: VisitorOf, kind: Kind = "battle", *, examples: Sequence[Example] = ()
    ) -> None:
        self._arena = arena
        self._kind: Kind = kind
        self._examples = examples
        self._answers = Answers()
        self._n_watchers = 0
        self._parts = lay_out(kind)
        self._wire(Wiring(self._parts, visitor_of, growing=showing.GROWING, refused=_refused))

    def _wire(self, wiring: Wiring) -> None:
        part = self._parts
        blocks = gr.context.Context.root_block
        assert blocks is not None
        streams = [
            wiring.on_stream(part["send"].click, self._send),
            wiring.on_stream(part["prompt"].submit, self._send),
            *(wiring.on_stream(part[f"retry-{side}"].click, self._retry(side)) for side in sides_of(self._kind)),
            wiring.on_stream(part["regenerate"].click, self._regenerate),
            *(wiring.on_stream(part[chip].click, self._send, prompt=chip) for chip in CHIPS),
            wiring.on_stream(blocks.load, self._restore),
            wiring.on_stream(part["refresh"].click, self._refresh),
        ]
        if self._kind == "battle":
            streams.append(wiring.on_stream(part["another"].click, self._another))
        streams.append(wiring.on_stream(part["cancel"].click, self._cancel, cancels=list(streams)))
        wiring.on_click(part["stop"].click, self._stop)
        wiring.on_click(part["next"].click, self._next, cancels=streams)
        wiring.on_click(part["status-timer"].tick, self._status)
        if self._kind == "chat":
            return
        for vote, outcome in showing.VOTES.items():
            wiring.on_click(part[vote].click, self._vote(outcome))
        after_vote.wire(wiring, part, self._arena, self._show)

    async def _send(self, caller: Caller, visitor: str, given: Given) -> AsyncIterator[Face]:
        try:
            async for face in self._begin(caller, visitor, given):
                yield face
        except Refusal as refusal:
            if refusal.key not in _TOO_EARLY or self._kind != "battle":
                raise
            async for face in self._wait(caller, visitor, self._arena.prompts.hold(visitor, given.prompt)):
                yield face

    async def _begin(self, caller: Caller, visitor: str, given: Given) -> AsyncIterator[Face]:
        if given.battle_id or self._kind == "battle":
            battle_id = await self._arena.send(
                visitor,
                given.battle_id or None,
                given.prompt,
                address=caller.address,
            )
        else:
            if len(given.models) != len(sides_of(self._kind)):
                raise Refusal("pick_models")
            battle_id = await self._arena.open_named(
                visitor,
                given.prompt,
                models=given.models,
                has_guardrails=given.has_guardrails,
                address=caller.address,
            )
        yield showing.sent()
        async for face in self._follow(caller, visitor, battle_id):
            yield face

    async def _wait(self, caller: Caller, visitor: str, held: Held) -> AsyncIterator[Face]:
        """Show that the prompt waits, until the models are ready or have failed for good; then send it (`Arena` refuses
        it in the second case). Another tab may cancel or send it meanwhile."""
        while self._arena.prompts.held(visitor) is held:
            status = await self._arena.status()
            if self._arena.prompts.held(visitor) is not held:
                break
            if status.can_battle or status.is_hopeless:
                self._arena.prompts.let_go(visitor)
                yield showing.let_go(status, caller.texts)
                async for face in self._begin(caller, visitor, Given("", held.text)):
                    yield face
                return
            yield showing.held(held.text, status, caller.texts)
            await asyncio.sleep(HELD_POLL_S)
        if self._arena.prompts.held(visitor) is not None:
            return  # cancelled and sent again: that stream shows it
        if battle_id := await self._arena.current(visitor, self._kind):
            yield showing.sent()
            async for face in self._follow(caller, visitor, battle_id):
                yield face
        else:
            yield showing.let_go(await self._arena.status(), caller.texts)

    async def _cancel(self, caller: Caller, visitor: str, _given: Given) -> AsyncIterator[Face]:
        """Put the waiting prompt back into its box; if it has just been sent, show its battle."""
        if self._arena.prompts.let_go(visitor) is None and (
            battle_id := await self._arena.current(visitor, self._kind)
        ):
            yield showing.sent()
            async for face in self._follow(caller, visitor, battle_id):
                yield face
        else:
            yield showing.let_go(await self._arena.status(), caller.texts)

    def _chips(self, caller: Caller) -> Face:
        texts = offered(self._examples, caller.texts.language)
        return {chip: {"value": text, "visible": True} for chip, text in zip(CHIPS, texts, strict=False)}

    def _retry(self, side: Side) -> Stream:
        async def retry(caller: Caller, visitor: str, given: Given) -> AsyncIterator[Face]:
            await self._arena.retry(visitor, given.battle_id, side)
            async for face in self._follow(caller, visitor, given.battle_id):
                yield face

        return retry

    async def _regenerate(self, caller: Caller, visitor: str, given: Given) -> AsyncIterator[Face]:
        await self._arena.regenerate(visitor, given.battle_id)
        async for face in self._follow(caller, visitor, given.battle_id):
            yield face

    async def _another(self, caller: Caller, visitor: str, given: Given) -> AsyncIterator[Face]:
        """Ask another pair the same, in a new battle."""
        battle_id = await self._arena.another_pair(visitor, given.battle_id, address=caller.address)
        async for face in self._follow(caller, visitor, battle_id):
            yield face

    async def _restore(self, caller: Caller, visitor: str, given: Given) -> AsyncIterator[Face]:
        """A page was loaded and listens now. Show the visitor's waiting prompt or running battle; otherwise an idle
        page, with the prompt of a battle that a restart ended, and why no battle can start now."""
        choice, wished = self._choice(caller) if self._kind != "battle" else ({}, ())
        yield {"send": {"interactive": True}} | self._chips(caller) | choice
        status = await self._arena.status()
        missing = showing.missing(status, caller.texts) if self._kind == "battle" else {}
        if self._kind == "battle" and (held := self._arena.prompts.held(visitor)):
            async for face in self._wait(caller, visitor, held):
                yield face
        elif battle_id := await self._current(caller, visitor, wished):
            yield missing
            async for face in self._follow(caller, visitor, battle_id):
                yield face
        else:  # the page is laid out idle; resetting more could erase a prompt that was sent meanwhile
            so_far = {"so-far": {"value": votes_so_far(status, caller.texts)}} if self._kind == "battle" else {}
            fresh = so_far | missing
            if (lost := self._arena.prompts.interrupted(visitor, self._kind)) and not given.prompt:
                fresh |= showing.interrupted(lost, caller.texts)
            yield fresh

    async def _refresh(self, caller: Caller, visitor: str, given: Given) -> AsyncIterator[Face]:
        """Show what another tab of this visitor shows, after it went on."""
        if self._kind == "battle" and (held := self._arena.prompts.held(visitor)):
            async for face in self._wait(caller, visitor, held):
                yield face
        elif battle_id := await self._current(caller, visitor):
            if given.prompt.strip() == (await self._arena.view(visitor, battle_id)).prompt.strip():
                yield showing.sent()  # it waited in this box for the models, and another tab's stream has sent it
            async for face in self._follow(caller, visitor, battle_id):
                yield face
        else:
            yield showing.idle(await self._arena.status(), caller.texts, self._kind)

    def _choice(self, caller: Caller) -> tuple[Face, tuple[str, ...]]:
        """Return the pickers with the models that can be chosen, and the names that the page's address asks for."""
        names = [card.name for card in self._arena.contestants()]
        keys = ("a", "b") if self._kind == "named" else ("model",)
        wishes = [caller.query.get(key, "") for key in keys]
        unknown = [wish for wish in wishes if wish and wish not in names]
        face: Face = {"safety": {"interactive": True}}
        for pick, wish in zip(("pick-a", "pick-b"), wishes, strict=False):
            face[pick] = {"choices": names, "value": wish if wish in names else None, "interactive": True}
        if unknown:
            face["notice"] = {"value": notice("unknown_model", caller.texts, name=unknown[0][:MAX_NAME_CHARS])}
        elif not names:
            face["notice"] = {"value": notice("no_contestants", caller.texts)}
        return face, tuple(wish for wish in wishes if wish)

    async def _current(self, caller: Caller, visitor: str, wished: tuple[str, ...] = ()) -> str | None:
        """Return the battle that the page shows when nothing else is asked for: the one in the page's address, as the
        visitor's own page writes it, if it goes on; else the current one, if it has the `wished` models."""
        if asked := caller.query.get(OPEN_BATTLE):
            try:
                view = await self._arena.view(visitor, asked)
            except Refusal as refusal:
                if refusal.key != "battle_not_found":
                    raise
            else:
                if view.kind == self._kind and view.state in ("open", "votable"):
                    return view.battle_id
        battle_id = await self._arena.current(visitor, self._kind)
        if battle_id is None or not wished:
            return battle_id
        return battle_id if (await self._arena.view(visitor, battle_id)).names == wished else None

    async def _follow(self, caller: Caller, visitor: str, battle_id: str) -> AsyncIterator[Face]:
        self._n_watchers += 1
        try:
            async for view in self._arena.follow(visitor, battle_id):
                if view.notice == "left":  # as Next does: what comes last from either must be the same page
                    yield showing.idle(await self._arena.status(), caller.texts, self._kind)
                    return
                yield showing.battle(view, caller.texts, self._answers.of(view))
                pause_s = max(0.0, self._n_watchers / MAX_VIEWS_PER_S - TICK_S)
                await asyncio.sleep(random.uniform(0.5, 1.5) * pause_s)  # spread the pages over time
        finally:
            self._n_watchers -= 1

    async def _stop(self, caller: Caller, visitor: str, battle_id: str) -> Face:
        try:
            await self._arena.stop(visitor, battle_id)
        except Refusal as refusal:
            if refusal.key != "not_yet":  # `not_yet`: the answers ended just before the click
                raise
        return await self._show(caller, visitor, battle_id)

    def _vote(self, outcome: Outcome) -> Step:
        async def vote(caller: Caller, visitor: str, battle_id: str) -> Face:
            await self._arena.vote(visitor, battle_id, outcome)
            return await self._show(caller, visitor, battle_id)

        return vote

    async def _show(self, caller: Caller, visitor: str, battle_id: str) -> Face:
        view = await self._arena.view(visitor, battle_id)
        return showing.battle(view, caller.texts, self._answers.of(view))

    async def _next(self, caller: Caller, visitor: str, battle_id: str) -> Face:
        if battle_id:
            await self._arena.leave(visitor, battle_id)
        return showing.idle(await self._arena.status(), caller.texts, self._kind)

    async def _status(self, caller: Caller, visitor: str, battle_id: str) -> Face:
        status = await self._arena.status()
        face = showing.missing(status, caller.texts)
        if status.can_battle:
            face["notice"] = {"value": ""}  # it said that the prompt came too early
        return face


def _refused(refusal: Refusal) -> Face:
    """Ask for the status again and again while models are missing."""
    return {"status-timer": {"active": True}} if refusal.key in _TOO_EARLY else {}
