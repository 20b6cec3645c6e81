"""Sessions: what the server keeps for a page between two of its requests, and for how many pages.

A session's name is made up in the browser, so anybody can begin as many as there are requests, with no cookie. Gradio
keeps 10,000, of 0.26 MB each: a copy of every component's configuration (5 ms of processor time a page load), and of
every component that was ever updated. Its links to a page's state need these, and the gate opens no such link. Here

- a session keeps only the components that a handler reads, a few kB: what a handler sets on others is in the browser;
- at most `MAX_IDLE` sessions are kept that nothing runs for. The one longest unused goes first, with its messages. A
  page that is still open does not notice: its next request gets a new session;
- a stream that nobody reads ends after `MAX_UNREAD` messages (50 s of a battle), as if its page were closed.

No page may use gr.State: it would be lost with its session. Written against Gradio 6.31; `install` puts it in place.
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
    """Put these sessions in the place of Gradio's, before the first request. `app`: what serves `pages`."""
    queue = pages._queue
    # Nobody reads Gradio's statistics of its last 10,000 events, which it makes anew at the end of each
    queue.ANALYTICS_MAX_EVENTS = 1
    queue.ANAYLTICS_CACHE_FREQUENCY = _NEVER
    queue.pending_messages_per_session = cast(Any, _Inboxes(queue))
    sessions = Sessions(queue)
    app.state_holder = sessions
    sessions.set_blocks(pages)
    return sessions


class Session(SessionState):
    """One page's. `kept` are the components of which it keeps its own versions, once they are updated."""

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
        """Gradio makes an updated component anew, and reads it right back to tell the browser."""
        if key in self._kept:
            self.blocks_config.blocks[key] = value
        else:
            self._passing = key, value

    def _update_config(self, key: int) -> None:
        """There are no links to a page's state."""

    def _update_value_in_config(self, key: int, value: Any) -> None:
        """The same."""


class Sessions(StateHolder):
    """All of them, in the order in which they were last used. Belongs to one event loop."""

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
        *older, _ = self.session_data  # the last one is new
        idle = [session_id for session_id in older if session_id not in in_use]
        for session_id in idle[: max(0, len(idle) - MAX_IDLE)]:
            del self.session_data[session_id]
            self._queue.pending_messages_per_session.pop(session_id, None)
            self._queue.pending_event_ids_session.pop(session_id, None)


class _Inboxes(dict[str, "_Inbox"]):
    """The messages on their way to each session, by its name. Gradio's own mapping forgets the oldest of 2,000
    sessions, even if its page waits for an answer; here `Sessions` says which goes."""

    def __init__(self, queue: Queue) -> None:
        super().__init__()
        self._queue = queue

    def __setitem__(self, session_id: str, _inbox: object) -> None:
        super().__setitem__(session_id, _Inbox(self, session_id))

    def give_up(self, session_id: str) -> None:
        """End what runs for a session that does not read, as Gradio does for a page that was closed."""
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
