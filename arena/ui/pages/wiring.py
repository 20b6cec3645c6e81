"""Attach a page's handlers to Gradio's events.

A `Stream` yields several faces, one after the other; a `Step` returns one. Every refusal and error becomes a sentence
in the element `notice`.
"""

import asyncio
import logging
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Collection
from dataclasses import dataclass
from typing import Any

import gradio as gr

from arena.service import Refusal
from arena.ui.faces import Face, changes, joined
from arena.ui.lines import notice, refusal_line
from arena.ui.widgets import Caller, VisitorOf, caller

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Given:
    """What the page sends along: the battle's id, the prompt and, on a page of named models, the chosen ones."""

    battle_id: str
    prompt: str
    models: tuple[str, ...] = ()
    has_guardrails: bool = False


Stream = Callable[[Caller, str, Given], AsyncIterator[Face]]
"""Takes the caller, the visitor's pseudonym, and what the page sends along."""
Step = Callable[[Caller, str, str], Awaitable[Face]]
"""Takes the caller, the visitor's pseudonym and the battle's id."""
Updates = dict[Any, Any]

REPEAT_S = 0.5
"""Each update repeats the changes of the last `REPEAT_S` seconds, because a busy browser shows only the last of several
quick updates (3 of 12 battles with quick answers stayed at "waiting")."""
_INPUTS = ("battle-id", "prompt", "pick-a", "pick-b", "safety")
_SENT_ONCE = frozenset({"prompt", "status-timer", "withdraw-timer", "ranks-timer", "pick-a", "pick-b", "safety"})
"""Elements that the visitor or the clock changes too: repeating an update could undo that."""


class Wiring:
    """Attaches handlers to a page whose elements are `parts`. The text of the elements `growing` only grows."""

    def __init__(
        self,
        parts: dict[str, Any],
        visitor_of: VisitorOf,
        *,
        growing: Collection[str],
        refused: Callable[[Refusal], Face],
    ) -> None:
        """`refused` returns what a refusal changes on the page, besides its sentence."""
        self._parts = parts
        self._visitor_of = visitor_of
        self._growing = growing
        self._refused = refused

    def on_stream(self, event: Callable[..., Any], act: Stream, *, prompt: str = "prompt", **options: Any) -> Any:
        """Attach an act that shows several faces, one after the other. `prompt` is the element with the prompt."""

        async def handler(
            battle_id: Any,
            prompt: Any,
            request: gr.Request,
            first: Any = None,
            second: Any = None,
            has_guardrails: Any = False,
        ) -> AsyncIterator[Updates]:
            chosen = tuple(model for model in (first, second) if isinstance(model, str) and model)
            given = Given(_text(battle_id), _text(prompt), chosen, has_guardrails is True)
            sender = caller(request, self._visitor_of)
            try:
                if sender.visitor is None:
                    yield self._notice("error_no_cookie", sender)
                    return
                faces = act(sender, sender.visitor, given)
                async for updates in self._stream(faces):
                    yield updates
            except Refusal as refusal:
                yield self._refusal(refusal, sender)
            except Exception:
                logger.exception("a stream of the battle page failed")
                yield self._notice("error_unexpected", sender)

        return event(
            handler,
            inputs=[
                self._parts[prompt if element == "prompt" else element] for element in _INPUTS if element in self._parts
            ],
            outputs=list(self._parts.values()),
            show_progress="hidden",
            concurrency_limit=None,
            trigger_mode="multiple",  # else the browser drops a click while the element's last stream still ends
            preprocess=False,  # a session that was dropped no longer knows the choices of a picker
            api_visibility="private",
            **options,
        )

    def on_click(self, event: Callable[..., Any], act: Step, **options: Any) -> None:
        """Attach an act with one face: a plain request that waits in no queue."""

        async def handler(battle_id: Any, request: gr.Request) -> Updates:
            sender = caller(request, self._visitor_of)
            try:
                if sender.visitor is None:
                    return self._notice("error_no_cookie", sender)
                return self._updates(await act(sender, sender.visitor, _text(battle_id)))
            except Refusal as refusal:
                return self._refusal(refusal, sender)
            except Exception:
                logger.exception("a click on the battle page failed")
                return self._notice("error_unexpected", sender)

        event(
            handler,
            inputs=[self._parts["battle-id"]],
            outputs=list(self._parts.values()),
            show_progress="hidden",
            queue=False,
            preprocess=False,
            api_visibility="private",
            **options,
        )

    async def _stream(self, faces: AsyncIterator[Face]) -> AsyncIterator[Updates]:
        """Send what changes from face to face, and what changed a moment before once more."""
        shown: Face = {}
        recent: deque[tuple[float, Face]] = deque()
        async for face in faces:
            now, changed = asyncio.get_running_loop().time(), changes(shown, face)
            shown = {**shown, **face}
            if "stop" in changed:  # the turn begins or ends: repeat everything that a busy browser may have missed
                changed |= {element: shown[element] for element in shown.keys() - _SENT_ONCE}
            while recent and recent[0][0] < now - REPEAT_S:
                recent.popleft()
            repeated = joined(*(one for _, one in recent))
            # Pass growing text each time, so that Gradio can send only its new end
            growing = {element: shown[element] for element in self._growing if element in shown}
            # Yield even if nothing changed: only at a yield does Gradio notice a closed page
            yield self._updates(joined(repeated, changed) | growing) or {self._parts["notice"]: gr.skip()}
            recent.append((now, {element: changed[element] for element in changed.keys() - _SENT_ONCE}))

    def _refusal(self, refusal: Refusal, sender: Caller) -> Updates:
        line = {"notice": {"value": refusal_line(refusal, sender.texts)}}
        return self._updates(line | self._refused(refusal))

    def _notice(self, key: str, sender: Caller) -> Updates:
        return self._updates({"notice": {"value": notice(key, sender.texts)}})

    def _updates(self, face: Face) -> Updates:
        return {
            self._parts[element]: gr.update(**properties)
            for element, properties in face.items()
            if element in self._parts
        }


def _text(given: Any) -> str:
    """Return the text of an input; a bare request can send anything."""
    return given if isinstance(given, str) else ""
