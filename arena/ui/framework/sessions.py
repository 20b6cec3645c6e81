"""Limits on the memory that the server keeps for idle pages.

The browser invents the name of its session, so anybody can start one per request, without a cookie. Gradio keeps 10,000
sessions of 0.26 MB each: a copy of every component's configuration (5 ms of processor time per page load), and every
component that was ever updated. Its deep links need these copies, but the gate closes deep links. Here

- a session keeps only the components that a handler reads, a few kB; all others exist only in the browser;
- at most `MAX_IDLE` sessions are kept for which nothing runs. The one unused for longest is dropped first, with its
  messages. A page that is still open does not notice: its next request gets a new session;
- a stream that nobody reads ends after `MAX_UNREAD` messages (50 s of a battle), as if its page were closed.

No page may use gr.State: it would be lost with its session. Written for Gradio 6.31; `install` puts it in place.
"""

import asyncio
from copy import copy
from typing import Any, cast

import gradio as gr
from gradio.queueing import Queue
from gradio.routes import App
from gradio.state_holder import SessionState, StateHolder

MAX_IDLE = 1000
MAX_UNREAD = 500
_NEVER = 1 << 62


def install(app: App, pages: gr.Blocks) -> "Sessions":
    """Replace Gradio's sessions by these, before the first request. `app` serves `pages`."""
    queue = pages._queue
    # Nobody reads Gradio's statistics of its last 10,000 events, which it recomputes at the end of each event
    queue.ANALYTICS_MAX_EVENTS = 1
    queue.ANAYLTICS_CACHE_FREQUENCY = _NEVER
    queue.pending_messages_per_session = cast(Any, _Inboxes(queue))
    sessions = Sessions(queue)
    app.state_holder = sessions
    sessions.set_blocks(pages)
    return sessions


class Session(SessionState):
    """The session of one page. `kept` are the components whose updated versions it keeps."""

    def __init__(self, pages: gr.Blocks, kept: frozenset[int]) -> None:
        self.blocks_config = copy(pages.default_config)
        self.config_values: dict[int, Any] = {}
        self.state_data: dict[int, Any] = {}
        self.is_closed = False
        self._kept = kept
        self._passing: tuple[int, Any] = (-1, None)

    def __getitem__(self, key: int) -> Any:
        number, block = self._passing
        return block if number == key else self.blocks_config.blocks[key]

    def __setitem__(self, key: int, value: Any) -> None:
        """Gradio stores an updated component and reads it back at once, to send it to the browser."""
        if key in self._kept:
            self.blocks_config.blocks[key] = value
        else:
            self._passing = key, value

    def _update_config(self, key: int) -> None:
        """Do nothing: no deep link needs it."""

    def _update_value_in_config(self, key: int, value: Any) -> None:
        """Do nothing: no deep link needs it."""


class Sessions(StateHolder):
    """All sessions, in the order in which they were last used. Belongs to one event loop."""

    def __init__(self, queue: Queue) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._queue = queue
        self._kept: frozenset[int] = frozenset()

    def set_blocks(self, blocks: gr.Blocks) -> None:
        super().set_blocks(blocks)
        assert not any(block.stateful for block in blocks.blocks.values()), "gr.State would be lost with its session"
        self._kept = frozenset(part._id for function in blocks.fns.values() for part in function.inputs)

    def __getitem__(self, session_id: str) -> SessionState:
        session = self.session_data.get(session_id)
        if session is None:
            session = self.session_data[session_id] = Session(self.blocks, self._kept)
            self._forget_idle()
        self.session_data.move_to_end(session_id)
        return session

    def _forget_idle(self) -> None:
        if len(self.session_data) <= MAX_IDLE:
            return
        in_use = {event.session_hash for event in self._queue.event_ids_to_events.values()}
        *older, _ = self.session_data  # the last one is the new session
        idle = [session_id for session_id in older if session_id not in in_use]
        for session_id in idle[: max(0, len(idle) - MAX_IDLE)]:
            del self.session_data[session_id]
            self._queue.pending_messages_per_session.pop(session_id, None)
            self._queue.pending_event_ids_session.pop(session_id, None)


class _Inboxes(dict[str, "_Inbox"]):
    """The messages for each session, by its name. Gradio's own mapping drops the oldest of 2,000 sessions even if its
    page waits for an answer; here `Sessions` decides which to drop."""

    def __init__(self, queue: Queue) -> None:
        super().__init__()
        self._queue = queue

    def __setitem__(self, session_id: str, _inbox: object) -> None:
        super().__setitem__(session_id, _Inbox(self, session_id))

    def give_up(self, session_id: str) -> None:
        """End the events of a session that does not read its messages, as Gradio does for a closed page."""
        for event in self._queue.event_ids_to_events.values():
            if event.session_hash == session_id:
                event.alive = False
                self._queue.pending_event_ids_session[session_id].discard(event._id)
        self.pop(session_id, None)


class _Inbox(asyncio.Queue[Any]):
    def __init__(self, inboxes: _Inboxes, session_id: str) -> None:
        super().__init__()
        self._inboxes = inboxes
        self._session_id = session_id

    def put_nowait(self, item: Any) -> None:
        super().put_nowait(item)
        if self.qsize() > MAX_UNREAD:
            self._inboxes.give_up(self._session_id)
