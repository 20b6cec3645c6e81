"""How long answers stand still: the gaps between tokens of 8 streams while a prompt of 4,000 tokens is being read.

    python -m bench.gaps                  160M bfloat16, chunks of 64 to 512 tokens
    python -m bench.gaps --size 1.1B --chunks 256 --several

The promise is that a long prompt delays nobody's next token by more than one chunk. Chunks are what a step reads of
prompts (half of `serve --budget`): long ones read faster, short ones keep answers smooth.
Streams are read where the HTTP server reads them, on the event loop beside the engines' thread.
"""

import argparse
import asyncio
import json
import os
import sys
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from functools import partial
from itertools import pairwise
from pathlib import Path

import torch

from bench.inference.__main__ import DATA, PACKAGES, RESULTS
from bench.machine import now, this_machine
from bench.models.layouts import CONFIGS, make
from inference.bench import endless, random_prompts
from inference.engine.engine import MAX_CHUNK, Engine
from inference.engine.loading import Loaded, LoadedModel, load_for_serving
from inference.engine.request import Request, SamplingParams
from inference.engine.worker import Stream, Worker
from inference.folder import open_folder
from inference.model.cache import RingCache
from inference.model.native import compiling

_SHORT = 32  # tokens of a stream's prompt
_QUIET = 40  # tokens of each stream before the long prompt comes, after as many to settle
_MAX_LEN = 8192


@dataclass(frozen=True, slots=True)
class Scene:
    """Who streams and who reads: streams by model, and the model that the long prompt is for."""

    name: str
    streams: Mapping[str, int]
    reader: str
    chunk: int


@dataclass(frozen=True, slots=True)
class Gaps:
    """Seconds: median, 95th percentile and longest of `n` gaps."""

    n: int
    p50_s: float
    p95_s: float
    max_s: float

    @classmethod
    def of(cls, gaps_s: Iterable[float]) -> "Gaps":
        ordered = sorted(gaps_s)
        if not ordered:
            raise ValueError("no gaps; at least one was expected")
        return cls(len(ordered), quantile(ordered, 0.5), quantile(ordered, 0.95), ordered[-1])


@dataclass(frozen=True, slots=True)
class Outcome:
    """`quiet` before the long prompt, `reading` from its arrival to its first token, which took `first_token_s`."""

    scene: Scene
    quiet: Gaps
    reading: Gaps
    first_token_s: float


def quantile(ordered: Sequence[float], share: float) -> float:
    """The smallest of the values that at least this share of them does not exceed."""
    return ordered[max(0, -(-int(share * 1000) * len(ordered) // 1000) - 1)]


def gaps_between(times: Sequence[float], start: float, end: float) -> list[float]:
    """The gaps that ended within (start, end]."""
    return [later - earlier for earlier, later in pairwise(times) if start < later <= end]


@dataclass(slots=True)
class _Listener:
    """Reads one stream and notes when its tokens came."""

    times: list[float] = field(default_factory=list)
    news: asyncio.Event = field(default_factory=asyncio.Event)

    async def listen(self, stream: Stream) -> None:
        async for event in stream:
            self.times.append(time.perf_counter())
            self.news.set()
            if event.error is not None:
                raise RuntimeError(event.error)

    async def has(self, n_tokens: int) -> None:
        while len(self.times) < n_tokens:
            self.news.clear()
            await self.news.wait()


async def play(scene: Scene, paths: Mapping[str, Path], dtype: torch.dtype, n_prompt: int) -> Outcome:
    """Let the streams run, send the long prompt, and stop when it has its first token."""
    worker = Worker(partial(_load, paths, dtype, scene.chunk, max(scene.streams.values()) + 1))
    worker.start()
    await worker.settled()
    if worker.failure is not None:
        raise worker.failure
    async with asyncio.TaskGroup() as group:

        def send(model: str, number: int, n_tokens: int) -> tuple[str, _Listener]:
            vocab_size = worker.models[model].folder.config.vocab_size
            prompt = random_prompts(1, n_tokens, vocab_size, number)[0]
            request = Request(f"{model} {number}", prompt, SamplingParams(_MAX_LEN - n_tokens, temperature=0.0))
            listener = _Listener()
            tasks.append(group.create_task(listener.listen(worker.submit(model, request))))
            return request.request_id, listener

        tasks: list[asyncio.Task[None]] = []
        streams = [send(model, number, _SHORT) for model, n in scene.streams.items() for number in range(n)]
        for _, listener in streams:
            await listener.has(_QUIET)
        settled = time.perf_counter()
        for _, listener in streams:
            await listener.has(len(listener.times) + _QUIET)
        sent = time.perf_counter()
        late_id, late = send(scene.reader, 1000, n_prompt)
        await late.has(1)
        done = late.times[0]
        for _, listener in streams:  # the gap that the first token's step ends
            await listener.has(len(listener.times) + 1)
        for request_id, _ in [*streams, (late_id, late)]:
            worker.cancel(request_id)
        for task in tasks:
            task.cancel()
    worker.close()
    worker.join(60)
    quiet = [gap for _, listener in streams for gap in gaps_between(listener.times, settled, sent)]
    reading = [gap for _, listener in streams for gap in gaps_between(listener.times, sent, done)]
    return Outcome(scene, Gaps.of(quiet), Gaps.of(reading), done - sent)


def _load(paths: Mapping[str, Path], dtype: torch.dtype, chunk: int, n_slots: int) -> Loaded:
    compiling.ensure()
    models = {}
    for name, path in paths.items():
        folder = open_folder(path)
        cache = RingCache(folder.config, n_slots=n_slots, max_len=_MAX_LEN, dtype=dtype)
        engine = Engine(
            load_for_serving(path, dtype=dtype), cache, endless(folder.tokenizer), max_len=_MAX_LEN, max_chunk=chunk
        )
        models[name] = LoadedModel(folder, engine, folder.config.n_parameters, "", str(dtype))
    return Loaded(models)


def table(outcomes: Iterable[Outcome]) -> str:
    """Markdown, one row a scene; milliseconds."""
    lines = [
        "| | chunk | before: p50 | p95 | max | while it is read: p50 | p95 | max ms | its first token s |",
        "| --- |" + " ---: |" * 8,
    ]
    for outcome in outcomes:
        numbers = [
            f"{value * 1e3:.1f}"
            for gaps in (outcome.quiet, outcome.reading)
            for value in (gaps.p50_s, gaps.p95_s, gaps.max_s)
        ]
        cells = [outcome.scene.name, str(outcome.scene.chunk), *numbers, f"{outcome.first_token_s:.2f}"]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def scenes(size: str, chunks: Sequence[int], *, several: bool) -> list[Scene]:
    """One model at each chunk; then three models as the server reads by default: two stream, and the third reads."""
    found = [Scene(f"8 streams, {size}", {size: 8}, size, chunk) for chunk in chunks]
    if several:
        streams = {f"{size} A": 4, f"{size} B": 4}
        found.append(Scene(f"4 + 4 streams of two {size}, a third reads", streams, f"{size} C", MAX_CHUNK))
    return found


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m bench.gaps", description="Gaps between tokens beside a long prompt."
    )
    parser.add_argument("--data", type=Path, default=DATA, metavar="DIR", help="where the models are, or are written")
    parser.add_argument("--size", choices=CONFIGS, default="160M")
    parser.add_argument("--dtype", choices=("bfloat16", "float32"), default="bfloat16")
    parser.add_argument("--chunks", type=int, nargs="+", default=[64, 128, 256, 512], metavar="N")
    parser.add_argument("--prompt", type=int, default=4000, metavar="N", help="tokens of the long one (default 4000)")
    parser.add_argument("--several", action="store_true", help="three models of this size in one process too")
    parser.add_argument("--output", type=Path, metavar="FILE", help="default: bench/results/gaps-cpu-MACHINE.json")
    args = parser.parse_args(argv)
    path = make(args.size, CONFIGS[args.size], args.data).mistral
    outcomes = []
    for scene in scenes(args.size, args.chunks, several=args.several):
        names = {*scene.streams, scene.reader}
        outcomes.append(asyncio.run(play(scene, dict.fromkeys(names, path), getattr(torch, args.dtype), args.prompt)))
        print(table(outcomes[-1:]).splitlines()[-1], flush=True)
    print("\n" + table(outcomes))
    machine = this_machine(PACKAGES)
    output: Path = args.output or RESULTS / f"gaps-cpu-{machine.slug}.json"
    output.parent.mkdir(parents=True, exist_ok=True)
    content = {"machine": asdict(machine), "date": now(), "size": args.size, "dtype": args.dtype}
    content |= {"prompt": args.prompt, "threads": torch.get_num_threads()}
    text = json.dumps({**content, "outcomes": [asdict(outcome) for outcome in outcomes]}, indent=1) + "\n"
    part = output.with_suffix(".part")
    part.write_text(text, encoding="utf-8")
    os.replace(part, output)
    return 0


if __name__ == "__main__":
    sys.exit(main())
