"""This project's engine, stepped as its server steps it: scheduler, model, sampling and text of every token."""

import time
from pathlib import Path

import torch

from bench.engines import Job, Timing
from bench.models import Files
from inference.engine.engine import Engine
from inference.engine.loading import load_for_serving
from inference.engine.request import Request, SamplingParams
from inference.model.cache import Chunk, RingCache
from inference.text.tokenizer import Tokenizer


class Ours:
    def __init__(self, folder: Path, dtype: str) -> None:
        path = Files(folder).mistral
        self._dtype: torch.dtype = getattr(torch, dtype)
        self._model = load_for_serving(path, dtype=self._dtype)
        self._tokenizer = Tokenizer.from_folder(path)
        self._tokenizer.eos_id = -1  # no token ends an answer before its time
        self.vocab_size = self._model.config.vocab_size

    def run(self, job: Job) -> Timing:
        """Prompts are read to their first token in one go; then all decode in step.

        With several sequences the server would let the first decode while the last is still read. For figures that can
        be compared, the prompts end with their first token and go on, with any token, as the next turn would: their
        slots still hold them.
        """
        torch.set_num_threads(job.setting.threads)
        prompts = [tuple(prompt) for prompt in job.prompts(self.vocab_size)]
        max_len = job.prompt + job.new
        engine = Engine(self._model, self._cache(job.batch, max_len), self._tokenizer, max_len=max_len)
        if job.batch == 1:
            times = _token_times(engine, prompts, job.new)[0]
            return Timing(times[0], times[-1] - times[0], job.new - 1)
        prefill_s = max(times[0] for times in _token_times(engine, prompts, 1))
        several = _token_times(engine, [(*prompt, prompt[0]) for prompt in prompts], job.new - 1)
        start, end = max(times[0] for times in several), min(times[-1] for times in several)
        return Timing(prefill_s, end - start, sum(start < t <= end for times in several for t in times))

    def last_logits(self, ids: list[int]) -> list[float]:
        logits = self._model.step([Chunk(0, 0, ids)], self._cache(1, len(ids)))
        values: list[float] = logits[0].tolist()
        return values

    def _cache(self, n_slots: int, max_len: int) -> RingCache:
        return RingCache(self._model.config, n_slots=n_slots, max_len=max_len, dtype=self._dtype)


def _token_times(engine: Engine, prompts: list[tuple[int, ...]], max_tokens: int) -> list[list[float]]:
    """For each prompt the seconds from the start to each of its tokens."""
    for number, prompt in enumerate(prompts):
        engine.add(Request(str(number), prompt, SamplingParams(max_tokens, temperature=0.0)))
    times: list[list[float]] = [[] for _ in prompts]
    begun = time.perf_counter()
    while engine.has_work:
        for event in engine.step():
            if event.error is not None:
                raise RuntimeError(event.error)
            times[int(event.request_id)].append(time.perf_counter() - begun)
    return times
