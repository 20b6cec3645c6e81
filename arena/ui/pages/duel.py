"""The battle page: its components, and the handlers that carry a click to `Arena` and a view back to the page.

A battle belongs to `Arena`, the page only follows it: one async generator per battle streams what changed. The page
keeps nothing but the battle's id, in a component, so a reload asks `Arena.current` and goes on. It uses neither
gr.State nor unload, either of which would hold one of the browser's six connections per tab. What is shown when is in
`showing`; no rule and no query is here.
"""

import asyncio
import logging
import random
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import gradio as gr

from arena.rounds.battle import TICK_S
from arena.service import Arena, Held, Refusal, Side
from arena.ui import showing
from arena.ui.answers import Answers
from arena.ui.markup import LATEX_DELIMITERS
from arena.ui.messages import messages
from arena.ui.showing import Face
from arena.ui.widgets import Caller, VisitorOf, caller, header, said
from db.outcome import Outcome

logger = logging.getLogger(__name__)

STATUS_EVERY_S = 2.0
MAX_VIEWS_PER_S = 400.0
"""Of all streams together. Each view costs a millisecond or two of the one thread that serves all pages, so where
many pages watch, each is told of what is new less often."""
SAY_AGAIN_S = 0.5
"""What has changed is said again for so long with each further update: of updates that come close together, a busy
browser shows the last alone (3 of 12 battles with quick answers stayed at "waiting")."""
_SAID_ONCE = frozenset({"prompt", "status-timer", "withdraw-timer"})
"""What the visitor or the clock changes meanwhile."""
WAIT_S = 0.5
"""Between two looks at whether a prompt that waits can be sent."""
_TOO_EARLY = ("models_loading", "too_few_models")
_CHIPS = tuple(f"chip-{number}" for number in range(len(messages("en").examples)))
Updates = dict[Any, Any]


class Duel:
    """The battle page in the present gr.Blocks: making it lays out the components and wires them."""

    def __init__(self, arena: Arena, visitor_of: VisitorOf) -> None:
        self._arena = arena
        self._visitor_of = visitor_of
        self._parts: dict[str, Any] = {}
        self._answers = Answers()
        self._n_watchers = 0
        self._lay_out()
        self._wire()

    def _lay_out(self) -> None:
        part = self._parts
        header()
        part["battle-id"] = gr.Textbox(visible=False)
        part["status-timer"] = gr.Timer(STATUS_EVERY_S, active=False)
        part["withdraw-timer"] = gr.Timer(60.0, active=False)
        with gr.Column(elem_id="battle"):
            with gr.Column(elem_id="intro") as part["intro"]:
                gr.Markdown(said("battle_title"), elem_id="battle-title")
                gr.Markdown(said("battle_intro"))
            part["asked"] = gr.Markdown(elem_id="asked", visible=False, latex_delimiters=[])
            with gr.Row(elem_id="switch", visible=False) as part["switch"]:
                for side in showing.SIDES:
                    part[f"side-{side}"] = gr.Button(side.upper(), elem_id=f"side-{side}")
            with gr.Row(elem_id="duel", visible=False) as part["duel"]:
                for side in showing.SIDES:
                    self._lay_out_pane(side)
            with gr.Row(elem_id="result", visible=False) as part["result"]:
                part["reveal"] = gr.Markdown(elem_id="reveal", latex_delimiters=[])
                part["withdraw"] = gr.Button(said("withdraw"), elem_id="withdraw", visible=False)
            with gr.Column(elem_id="bar", visible=False) as part["bar"]:
                with gr.Row(elem_id="votes"):
                    for vote in showing.VOTES:
                        key = vote.replace("-", "_")
                        part[vote] = gr.Button(said(key), elem_id=vote, interactive=False)
                part["vote-hint"] = gr.Markdown(elem_id="vote-hint")
                gr.Markdown(said("hint_unseen"), elem_id="unseen")
            part["status"] = gr.Markdown(elem_id="status")
            part["notice"] = gr.Markdown(elem_id="notice")
            with gr.Row(elem_id="ask-row"):
                with gr.Row(elem_id="ask") as part["ask"]:
                    part["prompt"] = gr.Textbox(
                        elem_id="prompt",
                        label=said("prompt_label"),
                        placeholder=said("prompt_placeholder"),
                        lines=1,
                        max_lines=8,
                    )
                    part["send"] = gr.Button(said("send"), elem_id="send", variant="primary", interactive=False)
                    part["stop"] = gr.Button(said("stop"), elem_id="stop", visible=False)
                    part["cancel"] = gr.Button(said("cancel"), elem_id="cancel", visible=False)
                part["next"] = gr.Button(said("next"), elem_id="next", visible=False)
            with gr.Column(elem_id="examples") as part["examples"]:
                gr.Markdown(said("examples_label"))
                with gr.Row(elem_id="chips"):
                    for number, chip in enumerate(_CHIPS):
                        part[chip] = gr.Button(
                            said(f"example_{number}"), elem_classes="chip", size="sm", interactive=False
                        )
            part["so-far"] = gr.Markdown(elem_id="so-far")

    def _lay_out_pane(self, side: Side) -> None:
        part = self._parts
        with gr.Column(elem_id=f"pane-{side}", elem_classes="pane"):
            part[f"head-{side}"] = gr.Markdown(elem_id=f"head-{side}", latex_delimiters=[])
            part[f"earlier-{side}"] = gr.Markdown(
                elem_id=f"earlier-{side}", visible=False, latex_delimiters=LATEX_DELIMITERS
            )
            with gr.Column(elem_id=f"answer-{side}", elem_classes="answer"):
                for piece in ("done", "rest"):
                    part[f"{piece}-{side}"] = gr.Markdown(elem_id=f"{piece}-{side}", latex_delimiters=LATEX_DELIMITERS)
            part[f"retry-{side}"] = gr.Button(said("retry"), elem_id=f"retry-{side}", variant="primary", visible=False)
            part[f"more-{side}"] = gr.Markdown(elem_id=f"more-{side}", visible=False, latex_delimiters=[])

    def _wire(self) -> None:
        part = self._parts
        blocks = gr.context.Context.root_block
        assert blocks is not None
        streams = [
            self._on_stream(part["send"].click, self._send),
            self._on_stream(part["prompt"].submit, self._send),
            *(self._on_stream(part[f"retry-{side}"].click, self._retry(side)) for side in showing.SIDES),
            *(self._on_stream(part[chip].click, self._send_example(n)) for n, chip in enumerate(_CHIPS)),
            self._on_stream(blocks.load, self._restore),
        ]
        # Gradio takes no click on an element whose stream still runs: the wait ends before the prompt is sent anew
        streams.append(self._on_stream(part["cancel"].click, self._call_back, cancels=list(streams)))
        self._on_click(part["stop"].click, self._stop)
        for vote, outcome in showing.VOTES.items():
            self._on_click(part[vote].click, self._vote(outcome))
        self._on_click(part["withdraw"].click, self._withdraw)
        self._on_click(part["next"].click, self._next, cancels=streams)
        self._on_click(part["status-timer"].tick, self._status)
        self._on_click(part["withdraw-timer"].tick, self._close_withdrawal)

    # What the visitor does

    async def _send(self, who: Caller, visitor: str, battle_id: str, prompt: str) -> AsyncIterator[Face]:
        try:
            async for face in self._begin(who, visitor, battle_id, prompt):
                yield face
        except Refusal as refusal:
            if refusal.key not in _TOO_EARLY:
                raise
            async for face in self._wait(who, visitor, self._arena.hold(visitor, prompt)):
                yield face

    async def _begin(self, who: Caller, visitor: str, battle_id: str, prompt: str) -> AsyncIterator[Face]:
        battle_id = await self._arena.send(
            visitor, battle_id or None, prompt, address=who.address, language=who.texts.language
        )
        yield showing.sent()
        async for face in self._follow(who, visitor, battle_id):
            yield face

    async def _wait(self, who: Caller, visitor: str, held: Held) -> AsyncIterator[Face]:
        """Show that a prompt waits for the models, and send it when they are ready, or can never be (which refuses
        it). It may also be called back, or sent from another tab."""
        while self._arena.held(visitor) is held:
            status = await self._arena.status()
            if self._arena.held(visitor) is not held:
                break
            if status.can_battle or status.is_hopeless:
                self._arena.let_go(visitor)
                yield showing.let_go(status, who.texts)
                async for face in self._begin(who, visitor, "", held.text):
                    yield face
                return
            yield showing.held(held.text, status, who.texts)
            await asyncio.sleep(WAIT_S)
        if self._arena.held(visitor) is not None:
            return  # called back and sent anew: that stream shows it
        if battle_id := await self._arena.current(visitor):
            yield showing.sent()
            async for face in self._follow(who, visitor, battle_id):
                yield face
        else:
            yield showing.let_go(await self._arena.status(), who.texts)

    async def _call_back(self, who: Caller, visitor: str, _battle_id: str, _prompt: str) -> AsyncIterator[Face]:
        """Give the prompt that waits back into its box; if it has just been sent, show its battle."""
        if self._arena.let_go(visitor) is None and (battle_id := await self._arena.current(visitor)):
            yield showing.sent()
            async for face in self._follow(who, visitor, battle_id):
                yield face
        else:
            yield showing.let_go(await self._arena.status(), who.texts)

    def _send_example(self, number: int) -> "Stream":
        async def send(who: Caller, visitor: str, battle_id: str, _prompt: str) -> AsyncIterator[Face]:
            async for face in self._send(who, visitor, battle_id, who.texts.examples[number]):
                yield face

        return send

    def _retry(self, side: Side) -> "Stream":
        async def retry(who: Caller, visitor: str, battle_id: str, _prompt: str) -> AsyncIterator[Face]:
            await self._arena.retry(visitor, battle_id, side)
            async for face in self._follow(who, visitor, battle_id):
                yield face

        return retry

    async def _restore(self, who: Caller, visitor: str, _battle_id: str, prompt: str) -> AsyncIterator[Face]:
        """A page was loaded, and now it listens: the visitor's prompt that waits, the running battle, else a fresh
        page, with the prompt of a battle that a restart ended; and why no battle can begin just now."""
        yield {element: {"interactive": True} for element in ("send", *_CHIPS)}
        status = await self._arena.status()
        missing = showing.missing(status, who.texts)
        if held := self._arena.held(visitor):
            async for face in self._wait(who, visitor, held):
                yield face
        elif battle_id := await self._arena.current(visitor):
            yield missing
            async for face in self._follow(who, visitor, battle_id):
                yield face
        else:  # a page is laid out idle; to say so again could wipe off a prompt that was sent meanwhile
            fresh = {"so-far": {"value": showing.votes_so_far(status, who.texts)}} | missing
            if (lost := self._arena.interrupted(visitor)) and not prompt:
                fresh |= showing.interrupted(lost, who.texts)
            yield fresh

    async def _follow(self, who: Caller, visitor: str, battle_id: str) -> AsyncIterator[Face]:
        self._n_watchers += 1
        try:
            async for view in self._arena.follow(visitor, battle_id):
                yield showing.battle(view, who.texts, self._answers.of(view))
                pause_s = max(0.0, self._n_watchers / MAX_VIEWS_PER_S - TICK_S)
                await asyncio.sleep(random.uniform(0.5, 1.5) * pause_s)  # not all pages at once
        finally:
            self._n_watchers -= 1

    async def _stop(self, who: Caller, visitor: str, battle_id: str) -> Face:
        try:
            await self._arena.stop(visitor, battle_id)
        except Refusal as refusal:
            if refusal.key != "not_yet":  # else the answers ended just before the click
                raise
        return await self._shown(who, visitor, battle_id)

    def _vote(self, outcome: Outcome) -> "Step":
        async def vote(who: Caller, visitor: str, battle_id: str) -> Face:
            await self._arena.vote(visitor, battle_id, outcome)
            return await self._shown(who, visitor, battle_id)

        return vote

    async def _withdraw(self, who: Caller, visitor: str, battle_id: str) -> Face:
        await self._arena.withdraw(visitor, battle_id)
        return await self._shown(who, visitor, battle_id)

    async def _shown(self, who: Caller, visitor: str, battle_id: str) -> Face:
        view = await self._arena.view(visitor, battle_id)
        return showing.battle(view, who.texts, self._answers.of(view))

    async def _next(self, who: Caller, visitor: str, battle_id: str) -> Face:
        if battle_id:
            await self._arena.leave(visitor, battle_id)
        return showing.idle(await self._arena.status(), who.texts)

    async def _status(self, who: Caller, visitor: str, battle_id: str) -> Face:
        status = await self._arena.status()
        face = showing.missing(status, who.texts)
        if status.can_battle:
            face["notice"] = {"value": ""}  # that a prompt came too early
        return face

    async def _close_withdrawal(self, who: Caller, visitor: str, battle_id: str) -> Face:
        return {"withdraw": {"visible": False}, "withdraw-timer": {"active": False}}

    # How it reaches the page

    def _on_stream(self, event: Callable[..., Any], act: "Stream", **options: Any) -> Any:
        """Wire an act that shows several faces, one after the other."""

        async def handler(battle_id: str, prompt: str, request: gr.Request) -> AsyncIterator[Updates]:
            who = caller(request, self._visitor_of)
            shown: Face = {}
            changed: deque[tuple[float, Face]] = deque()
            try:
                if who.visitor is None:
                    yield self._updates({"notice": {"value": showing.error_line("error_no_cookie", who.texts)}})
                    return
                async for face in act(who, who.visitor, battle_id, prompt or ""):  # a bare request can send null
                    now, changes = asyncio.get_running_loop().time(), showing.changes(shown, face)
                    shown = {**shown, **face}
                    if "stop" in changes:  # the turn begins or ends: what a busy browser left out so far is said again
                        changes |= {element: shown[element] for element in shown.keys() - _SAID_ONCE}
                    while changed and changed[0][0] < now - SAY_AGAIN_S:
                        changed.popleft()
                    again = showing.joined(*(one for _, one in changed))
                    # Texts that grow are passed each time, so that Gradio sends only what is new in them
                    growing = {element: shown[element] for element in showing.GROWING if element in shown}
                    # Also where nothing changed: only at a yield does Gradio notice that the page is closed
                    yield self._updates(showing.joined(again, changes) | growing) or self._nothing
                    changed.append((now, {element: changes[element] for element in changes.keys() - _SAID_ONCE}))
            except Refusal as refusal:
                yield self._updates(self._refused(refusal, who))
            except Exception:
                logger.exception("a battle page's stream ended in an error")
                yield self._updates({"notice": {"value": showing.error_line("error_unexpected", who.texts)}})

        return event(
            handler,
            inputs=[self._parts["battle-id"], self._parts["prompt"]],
            outputs=list(self._parts.values()),
            show_progress="hidden",
            concurrency_limit=None,
            api_visibility="private",
            **options,
        )

    def _on_click(self, event: Callable[..., Any], act: "Step", **options: Any) -> None:
        """Wire an act with one face: a plain request that waits in no queue."""

        async def handler(battle_id: str, request: gr.Request) -> Updates:
            who = caller(request, self._visitor_of)
            try:
                if who.visitor is None:
                    return self._updates({"notice": {"value": showing.error_line("error_no_cookie", who.texts)}})
                return self._updates(await act(who, who.visitor, battle_id))
            except Refusal as refusal:
                return self._updates(self._refused(refusal, who))
            except Exception:
                logger.exception("a click on the battle page ended in an error")
                return self._updates({"notice": {"value": showing.error_line("error_unexpected", who.texts)}})

        event(
            handler,
            inputs=[self._parts["battle-id"]],
            outputs=list(self._parts.values()),
            show_progress="hidden",
            queue=False,
            api_visibility="private",
            **options,
        )

    def _refused(self, refusal: Refusal, who: Caller) -> Face:
        face: Face = {"notice": {"value": showing.refusal_line(refusal, who.texts)}}
        if refusal.key in _TOO_EARLY:
            face["status-timer"] = {"active": True}
        return face

    @property
    def _nothing(self) -> Updates:
        return {self._parts["notice"]: gr.skip()}

    def _updates(self, face: Face) -> Updates:
        return {self._parts[element]: gr.update(**properties) for element, properties in face.items()}


Stream = Callable[[Caller, str, str, str], AsyncIterator[Face]]
Step = Callable[[Caller, str, str], Awaitable[Face]]
