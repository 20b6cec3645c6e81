"""A running arena whose models are scripted: each answers a prompt with what the test wrote for it.

    with scripted_arena(tmp_path, {"Hi": Says("Hello."), "Slow": Says("One two", gate=event)}) as arena:
        await open_battle_page(page, arena.url)

The models of an arena answer alike unless `answers` names a model: `{("Wren Sol", "Hi"): Says("I am here.")}`.
"""

import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.end_to_end.running import App
from tests.fakes.chat_server import DONE, Asked, ChatServer, Piece, Reply, chunk, event, whole

MODELS = ("Wren Sol", "Moss Tarn")
_SETTINGS = """
[battle]
pace = "free"
[limits]
battles_per_hour = 10000
votes_per_hour = 10000
"""


@dataclass(frozen=True, slots=True)
class Says:
    """An answer, in pieces of `n_chars` characters that are `gap_s` apart. Before its first piece it waits for `start`,
    before its last one for `gate`. With a `status` it is refused, `n_times` times, and then given. `again` is what the
    model answers to the same prompt from the second time on (default: the same)."""

    text: str = "Fine."
    again: str = ""
    reasoning: str = ""
    n_chars: int = 40
    gap_s: float = 0.0
    start: threading.Event | None = None
    gate: threading.Event | None = None
    status: int = 200
    n_times: int = 1_000_000

    def reply(self, number: int) -> Reply:
        """Return the reply to the n-th request for this answer."""
        if self.status != 200 and number < self.n_times:
            return whole({"error": {"message": "as scripted", "type": "scripted"}}, status=self.status)
        return Reply(self._pieces(self.again if number and self.again else self.text))

    def _pieces(self, text: str) -> Iterator[Piece]:
        if self.reasoning:
            yield event(chunk(None, reasoning_content=self.reasoning))
        if self.start is not None:
            yield self.start
        starts = range(0, len(text), self.n_chars)
        for place in starts:
            if place == starts[-1] and self.gate is not None:
                yield self.gate
            yield event(chunk(text[place : place + self.n_chars]))
            yield self.gap_s
        yield event(chunk(None, "stop"))
        yield DONE


Answers = Mapping[str | tuple[str, str], Says]


@dataclass(slots=True)
class ScriptedArena(App):
    """The running arena. `answers` may be changed while it runs; `asked` are the models' requests, by name."""

    answers: dict[str | tuple[str, str], Says] = field(default_factory=dict)
    asked: dict[str, list[Asked]] = field(default_factory=dict)

    def reply(self, model: str, asked: Asked) -> Reply:
        *_, last = asked.body["messages"]
        prompt = str(last["content"])
        before = [one for one in self.asked[model] if one.body["messages"][-1]["content"] == prompt]
        self.asked[model].append(asked)
        says = self.answers.get((model, prompt)) or self.answers.get(prompt) or Says(f"{prompt} {prompt}")
        return says.reply(len(before))


@contextmanager
def scripted_arena(
    folder: Path,
    answers: Answers,
    *,
    models: Sequence[str] = MODELS,
    settings: str = _SETTINGS,
    environment: Mapping[str, str] | None = None,
) -> Iterator[ScriptedArena]:
    """Run app.py in `folder` with these models, until the block ends. `environment` None: ours."""
    arena = ScriptedArena(
        folder / "data", environment=environment, answers=dict(answers), asked={name: [] for name in models}
    )
    with ExitStack() as stack:
        tables = []
        for name in models:
            server = stack.enter_context(ChatServer(_replying(arena, name)))
            tables.append(f'[[models]]\nname = "{name}"\nbase_url = "{server.base_url}"\nmodel = "m"\n')
        path = folder / "arena.toml"
        path.write_text(settings + "".join(tables), encoding="utf-8")
        arena.options = ("--config", str(path))
        stack.callback(arena.stop)
        arena.start()
        arena.wait_until_ready()
        for requests in arena.asked.values():
            requests.clear()  # the trials at the start
        yield arena


def _replying(arena: ScriptedArena, model: str) -> Any:
    return lambda asked: arena.reply(model, asked)
