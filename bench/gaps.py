"""Measure the gaps between the tokens of 8 streams while the engine prefills a prompt of 4,000 tokens.

    python -m bench.gaps                  160M bfloat16, chunks of 64 to 512 tokens
    python -m bench.gaps --size 1.1B --chunks 256 --several

A long prompt may delay the next token of another stream by at most one chunk. A chunk is the number of prompt tokens
that a step reads (half of `serve --budget`): long chunks prefill faster, short ones keep the streams smooth. The
streams are read on the event loop beside the engines' thread, as in the HTTP server.
"""

import argparse
import asyncio
import sys
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from functools import partial
from itertools import pairwise
from pathlib import Path

import torch

from bench import result_files
from bench.inference.engines.interface import PACKAGES
from bench.machine import now, this_machine
from bench.models.files import DATA
from bench.models.layouts import make
from bench.models.random_weights import CONFIGS
from inference.bench import endless, random_prompts
from inference.engine.engine import Engine
from inference.engine.loading import Loaded, LoadedModel, load_for_serving
from inference.engine.request import Request, SamplingParams
from inference.engine.scheduler import MAX_CHUNK
from inference.engine.stream import Stream
from inference.engine.worker import Worker
from inference.folder import open_folder
from inference.model.cache import RingCache
from inference.model.native import compiling

_SHORT = 32  # prompt tokens of a stream
_QUIET = 40  # tokens of each stream before the long prompt, after as many to warm up
_MAX_LEN = 8192


@dataclass(frozen=True, slots=True)
class Scene:
    """The number of streams of each model, and the model that reads the long prompt."""

    name: str
    streams: Mapping[str, int]
    reader: str
    chunk: int


@dataclass(frozen=True, slots=True)
class Gaps:
    """The median, 95th percentile and maximum of `n` gaps, in seconds."""

    n: int
    p50_s: float
    p95_s: float
    max_s: float

    @classmethod
    def of(cls, gaps_s: Iterable[float]) -> "Gaps":
        ordered = sorted(gaps_s)
        if not ordered:
            raise ValueError("expected at least one gap, found none")
        return cls(len(ordered), quantile(ordered, 0.5), quantile(ordered, 0.95), ordered[-1])


@dataclass(frozen=True, slots=True)
class Outcome:
    """`quiet` are the gaps before the long prompt, `reading` those from its arrival to its first token."""

    scene: Scene
    quiet: Gaps
    reading: Gaps
    first_token_s: float


def quantile(ordered: Sequence[float], share: float) -> float:
    """Return the smallest value that at least this share of the values does not exceed."""
    return ordered[max(0, -(-int(share * 1000) * len(ordered) // 1000) - 1)]


def gaps_between(times: Sequence[float], start: float, end: float) -> list[float]:
    """Return the gaps that end within (start, end]."""
    return [later - earlier for earlier, later in pairwise(times) if start < later <= end]


@dataclass(slots=True)
class _Listener:
    """Reads one stream and records when its tokens arrive."""

    times: list[float] = field(default_factory=list)
    news: asyncio.Event = field(default_factory=asyncio.Event)

    async def listen(self, stream: Stream) -> None:
        async for event in stream:
            self.times.append(time.perf_counter())
            self.news.set()
            if event.error is not None:
                raise RuntimeError(event.error)

    async def wait_for(self, n_tokens: int) -> None:
        while len(self.times) < n_tokens:
            self.news.clear()
            await self.news.wait()


async def play(scene: Scene, paths: Mapping[str, Path], dtype: torch.dtype, n_prompt: int) -> Outcome:
    """Start the streams, send the long prompt, and stop after its first token."""
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
            await listener.wait_for(_QUIET)
        settled = time.perf_counter()
        for _, listener in streams:
            await listener.wait_for(len(listener.times) + _QUIET)
        sent = time.perf_counter()
        late_id, late = send(scene.reader, 1000, n_prompt)
        await late.wait_for(1)
        done = late.times[0]
        for _, listener in streams:  # include the gap that ends with the step of the first token
            await listener.wait_for(len(listener.times) + 1)
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
    """Return one row per scene, in milliseconds."""
    lines = [
        "| | chunk | before the prompt: p50 | p95 | max ms | during prefill: p50 | p95 | max ms | first token s |",
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


def markdown(path: Path) -> str:
    """Return the table of a results file."""
    content = result_files.read(path)
    outcomes = [
        Outcome(Scene(**raw["scene"]), Gaps(**raw["quiet"]), Gaps(**raw["reading"]), raw["first_token_s"])
        for raw in content["outcomes"]
    ]
    text = f"A prompt of {content['prompt']:,} tokens, {content['dtype']}, {content['threads']} threads.\n"
    return "\n".join([result_files.heading_of(content), text, table(outcomes)])


def scenes(size: str, chunks: Sequence[int], *, several: bool) -> list[Scene]:
    """Return a scene of one model for each chunk, and with `several` one of three models with the default chunk: two
    stream and the third reads."""
    found = [Scene(f"8 streams, {size}", {size: 8}, size, chunk) for chunk in chunks]
    if several:
        streams = {f"{size} A": 4, f"{size} B": 4}
        found.append(Scene(f"4 + 4 streams of two {size}, a third reads", streams, f"{size} C", MAX_CHUNK))
    return found


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m bench.gaps", description="Measure gaps between tokens while a long prompt is read."
    )
    parser.add_argument(
        "--data", type=Path, default=DATA, metavar="DIR", help="folder of the models, which are written if missing"
    )
    parser.add_argument("--size", choices=CONFIGS, default="160M")
    parser.add_argument("--dtype", choices=("bfloat16", "float32"), default="bfloat16")
    parser.add_argument(
        "--chunks", type=int, nargs="+", default=[64, 128, 256, 512], metavar="N", help="tokens of a chunk"
    )
    parser.add_argument(
        "--prompt", type=int, default=4000, metavar="N", help="tokens of the long prompt (default 4,000)"
    )
    parser.add_argument("--several", action="store_true", help="also run three models of this size in one process")
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
    content = {"machine": asdict(machine), "date": now(), "size": args.size, "dtype": args.dtype}
    content |= {"prompt": args.prompt, "threads": torch.get_num_threads()}
    content |= {"outcomes": [asdict(outcome) for outcome in outcomes]}
    result_files.write(args.output or result_files.path_for("gaps", machine), content)
    return 0


if __name__ == "__main__":
    sys.exit(main())
