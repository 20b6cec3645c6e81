"""Fakes that tests share: small honest implementations of the real protocols."""

from __future__ import annotations

import asyncio
import io
import json
import select
import socket
import threading
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

import sentencepiece

from arena.players.events import Finish, Request, Thought, Token
from arena.players.roster import Player, Roster
from inference.text.folder import open_tokenizer

if TYPE_CHECKING:
    from arena.service.readiness import PlayerState


@dataclass(frozen=True, slots=True)
class Script:
    """How `ScriptedEndpoint` answers one chat completion. By default: well, and at once.

    `tokens` are streamed as deltas, the first after `first_s`, the others `gap_s` apart. After `hang_after` tokens it
    falls silent until the client leaves; after `close_after` tokens it cuts the connection; before token n it waits for
    the event `gates[n]`. `raw` replaces the body by these pieces of bytes. With a `status` other than 200 it sends
    `error` as JSON and no stream.
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
    """Whether it sends a comment every 20 ms of silence."""


class ScriptedEndpoint:
    """An OpenAI-compatible server on a loopback port whose n-th answer follows the n-th script; the last one repeats.

    with ScriptedEndpoint(Script(status=500), Script()) as server:
        endpoint = Endpoint([server.base_url], "any-model")

    `models_status` is the status of its list of models. `received` and `headers` hold the body and headers of each chat
    request. `asked` is set by the first of them, `client_left` when a client closed its connection in the middle of an
    answer.
    """

    def __init__(self, *scripts: Script, port: int = 0, models_status: int = 200) -> None:
        self.scripts = scripts or (Script(),)
        self.models_status = models_status
        self.received: list[dict[str, Any]] = []
        self.headers: list[dict[str, str]] = []
        self.asked = threading.Event()
        self.client_left = threading.Event()
        self.closing = threading.Event()
        self._lock = threading.Lock()
        self._server = ThreadingHTTPServer(("127.0.0.1", port), _handler(self))
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)

    @property
    def port(self) -> int:
        return int(self._server.server_address[1])

    @property
    def base_url(self) -> str:
        return f"http://127.0.0.1:{self.port}/v1"

    def take(self, body: dict[str, Any], headers: dict[str, str]) -> Script:
        with self._lock:
            script = self.scripts[min(len(self.received), len(self.scripts) - 1)]
            self.received.append(body)
            self.headers.append(headers)
            self.asked.set()
            return script

    def close(self) -> None:
        self.closing.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def __enter__(self) -> ScriptedEndpoint:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _handler(endpoint: ScriptedEndpoint) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            models = {"object": "list", "data": [{"id": "scripted", "object": "model"}]}
            self._json(endpoint.models_status, models if endpoint.models_status == 200 else {"detail": "Not Found"})

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["content-length"])))
            script = endpoint.take(body, {name.lower(): value for name, value in self.headers.items()})
            if script.status != 200:
                self._json(script.status, {"error": script.error or {"message": "as scripted", "type": "scripted"}})
                return
            self.send_response(200)
            self.send_header("content-type", "text/event-stream")
            self.end_headers()  # HTTP/1.0: the body ends with the connection
            with suppress(ConnectionError):
                self._stream(script, int(body.get("max_tokens", body.get("max_completion_tokens", 1_000_000))))

        def _stream(self, script: Script, max_tokens: int) -> None:
            if script.raw is not None:
                for piece in script.raw:
                    self.wfile.write(piece)
                    self.wfile.flush()
                return
            tokens = script.tokens[:max_tokens]
            for number, token in enumerate(tokens):
                if number == script.close_after:
                    self.connection.shutdown(socket.SHUT_RDWR)
                    return
                if number == script.hang_after and self._wait(None, script):
                    return
                if self._wait(script.gap_s if number else script.first_s, script):
                    return
                gate = script.gates.get(number)
                while gate is not None and not gate.is_set():
                    if self._wait(0.02, script):
                        return
                self._event({"choices": [{"index": 0, "delta": {"content": token}, "finish_reason": None}]})
            if len(tokens) == script.hang_after and self._wait(None, script):
                return
            if script.finish_reason is not None:
                reason = "length" if len(tokens) < len(script.tokens) else script.finish_reason
                self._event({"choices": [{"index": 0, "delta": {}, "finish_reason": reason}]})
            if script.has_usage:
                usage = {"prompt_tokens": 7, "completion_tokens": len(tokens)}
                self._event({"choices": [], "usage": usage, "system_fingerprint": "scripted-1"})
            if script.has_done:
                self.wfile.write(b"data: [DONE]\n\n")

        def _event(self, chunk: dict[str, Any]) -> None:
            self.wfile.write(b"data: " + json.dumps(chunk).encode() + b"\n\n")
            self.wfile.flush()

        def _wait(self, seconds: float | None, script: Script) -> bool:
            """Be silent for so long, None: for ever; whether the client left or the server closes meanwhile."""
            n_steps = 0
            while seconds is None or n_steps * 0.02 < seconds:
                n_steps += 1
                readable, _, _ = select.select([self.connection], [], [], 0.02)
                if readable and not self.connection.recv(1, socket.MSG_PEEK):
                    endpoint.client_left.set()
                    return True
                if endpoint.closing.is_set():
                    return True
                if script.keeps_alive:
                    self.wfile.write(b": keep-alive\n\n")
                    self.wfile.flush()
            return False

        def _json(self, status: int, value: Any) -> None:
            body = json.dumps(value).encode()
            self.send_response(status)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: Any) -> None:
            pass

    return Handler


def write_tokenizer(folder: Path, *, has_control_pieces: bool = True) -> None:
    """A real SentencePiece model, trained on a few lines: letters, digits, 256 byte pieces (Hangul takes three), and
    [INST] and [/INST] as control pieces 3 and 4 unless it is to look like a v1 tokenizer."""
    lines = [
        "the quick brown fox jumps over the lazy dog",
        "THE QUICK BROWN FOX JUMPS",
        "0 1 2 3 4 5 6 7 8 9 . , ! ? : - [ ] /",
    ]
    model = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(lines * 20),
        model_writer=model,
        model_type="bpe",
        vocab_size=400 if has_control_pieces else 398,
        control_symbols=["[INST]", "[/INST]"] if has_control_pieces else [],
        byte_fallback=True,
        split_digits=True,
        normalization_rule_name="identity",
        remove_extra_whitespaces=False,
        allow_whitespace_only_pieces=True,
        hard_vocab_limit=False,
        minloglevel=2,
    )
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "tokenizer.model").write_bytes(model.getvalue())


def write_model_folder(
    folder: Path, *, seed: int = 0, sliding_window: int | None = 24, max_seq_len: int = 1024
) -> None:
    """A folder that can be served: two layers of the real architecture with random weights, and `write_tokenizer`.

    Greedily it never ends: the logit of EOS is always 0, and among some hundred random ones a greater is always found.
    """
    import torch

    from inference.model.checkpoint import weights
    from inference.model.config import ModelConfig
    from inference.model.transformer import Transformer

    write_tokenizer(folder)
    tokenizer = open_tokenizer(folder)
    config = ModelConfig(
        dim=32,
        n_layers=2,
        head_dim=8,
        hidden_dim=64,
        n_heads=4,
        n_kv_heads=2,
        norm_eps=1e-5,
        vocab_size=tokenizer.vocab_size,
        sliding_window=sliding_window,
        max_seq_len=max_seq_len,
    )
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        model = Transformer(config)
    assert model.output is not None
    with torch.no_grad():
        model.output.weight[tokenizer.eos_id] = 0.0
    weights.save(model, folder)


class ScriptedPlayer:
    """A model inside the process: `stream` plays the n-th script, the last one again and again.

    A script is a sequence of steps: a text is one token, a number a pause in seconds, an event is waited for, an
    `EndpointError` is raised, a `Thought` is passed on, a `Finish` ends the answer (without one, "stop" ends it).
    `requests` are what was asked, `n_closed` counts streams that were closed before their end.
    """

    def __init__(self, *scripts: Sequence[str | float | asyncio.Event | Exception | Thought | Finish]) -> None:
        self.scripts = scripts or (("Hello", " there."),)
        self.requests: list[Request] = []
        self.n_closed = 0

    async def stream(self, request: Request) -> AsyncGenerator[Token | Thought | Finish, None]:
        script = self.scripts[min(len(self.requests), len(self.scripts) - 1)]
        self.requests.append(request)
        n_tokens = 0
        has_ended = False
        try:
            for step in script:
                if isinstance(step, str):
                    n_tokens += 1
                    yield Token(step)
                elif isinstance(step, Thought):
                    yield step
                elif isinstance(step, asyncio.Event):
                    await step.wait()
                elif isinstance(step, Exception):
                    has_ended = True
                    raise step
                elif isinstance(step, Finish):
                    has_ended = True
                    yield step
                    return
                else:
                    await asyncio.sleep(step)
            has_ended = True
            yield Finish("stop", 7, n_tokens, "0123456789abcdef", ttft_ms=10.0, duration_ms=30.0)
        finally:
            self.n_closed += not has_ended


class ScriptedPlayers:
    """Who can play, as the arena asks for it: scripted players by name, all ready unless `state` says otherwise."""

    def __init__(self, roster: Roster, streams: Mapping[str, ScriptedPlayer]) -> None:
        self.roster = roster
        self.streams = dict(streams)
        self.state: dict[str, PlayerState] = {player.name: "ready" for player in roster.active}

    def ready(self) -> tuple[Player, ...]:
        return tuple(player for player in self.roster.active if self.state[player.name] == "ready")

    def states(self) -> Mapping[str, PlayerState]:
        return self.state

    def endpoint(self, name: str) -> ScriptedPlayer:
        return self.streams[name]
