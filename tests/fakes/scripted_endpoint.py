"""An OpenAI-compatible server whose answers follow scripts: slow, silent, cut off, or failing."""

import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.fakes.chat_server import DONE, Action, Asked, ChatServer, Piece, Reply, chunk, event, whole


@dataclass(frozen=True, slots=True)
class Script:
    """How `ScriptedEndpoint` answers one chat completion. The default answer is complete and immediate.

    `tokens` are streamed as deltas, the first after `first_s`, the others `gap_s` apart. After `hang_after` tokens the
    server is silent until the client leaves; after `close_after` tokens it cuts the connection; before token n it waits
    for the event `gates[n]`. `raw` replaces the body by these pieces. With a `status` other than 200, the answer is
    `error` as JSON. With `keeps_alive`, a comment is sent every 20 ms of silence.
    """

    tokens: tuple[str, ...] = ("Hello", " there", ".")
    status: int = 200
    error: Any = None
    first_s: float = 0.0
    gap_s: float = 0.0
    hang_after: int | None = None
    close_after: int | None = None
    gates: Mapping[int, threading.Event] = field(default_factory=dict)
    raw: tuple[bytes, ...] | None = None
    finish_reason: str | None = "stop"
    has_usage: bool = True
    has_done: bool = True
    keeps_alive: bool = False

    def reply(self, max_tokens: int) -> Reply:
        if self.status != 200:
            return whole({"error": self.error or {"message": "as scripted", "type": "scripted"}}, status=self.status)
        return Reply(self._pieces(max_tokens) if self.raw is None else self.raw, keeps_alive=self.keeps_alive)

    def _pieces(self, max_tokens: int) -> Iterator[Piece]:
        tokens = self.tokens[:max_tokens]
        for number, token in enumerate(tokens):
            if number == self.close_after:
                yield Action.CUT
            if number == self.hang_after:
                yield Action.HANG
            yield self.gap_s if number else self.first_s
            if number in self.gates:
                yield self.gates[number]
            yield event(chunk(token))
        if len(tokens) == self.hang_after:
            yield Action.HANG
        if self.finish_reason is not None:
            yield event(chunk(None, "length" if len(tokens) < len(self.tokens) else self.finish_reason))
        if self.has_usage:
            usage = {"prompt_tokens": 7, "completion_tokens": len(tokens)}
            yield event({"choices": [], "usage": usage, "system_fingerprint": "scripted-1"})
        if self.has_done:
            yield DONE


class ScriptedEndpoint(ChatServer):
    """A chat server whose n-th answer follows the n-th script; the last script repeats.

    with ScriptedEndpoint(Script(status=500), Script()) as server:
        endpoint = Endpoint([server.base_url], "any-model")

    `models_status` is the status of its list of models. `received` and `headers` are the bodies and the headers of the
    chat requests. `was_asked` is set by the first of them.
    """

    def __init__(self, *scripts: Script, port: int = 0, models_status: int = 200) -> None:
        super().__init__(self._answer, models=self._models, port=port)
        self.scripts = scripts or (Script(),)
        self.models_status = models_status
        self.was_asked = threading.Event()

    @property
    def received(self) -> list[dict[str, Any]]:
        return self.bodies

    @property
    def headers(self) -> list[Mapping[str, str]]:
        return [asked.headers for asked in self.asked]

    def _answer(self, asked: Asked) -> Reply:
        script = self.scripts[min(asked.number, len(self.scripts) - 1)]
        self.was_asked.set()
        return script.reply(int(asked.body.get("max_tokens", asked.body.get("max_completion_tokens", 1_000_000))))

    def _models(self) -> Reply:
        models = {"object": "list", "data": [{"id": "scripted", "object": "model"}]}
        return whole(models if self.models_status == 200 else {"detail": "Not Found"}, status=self.models_status)
