"""This project's engine as its server runs it: scheduler, model, sampling and text of every token."""

from pathlib import Path

import torch

from bench.inference.engines.interface import Job, Timing
from bench.models.files import Files
from inference.bench import endless, time_answers
from inference.engine.engine import Engine
from inference.engine.loading import load_for_serving
from inference.engine.scheduler import chunk_size
from inference.model.cache import Chunk, RingCache
from inference.model.native import compiling
from inference.model.native.library import flags, library
from inference.text.folder import open_tokenizer


class Ours:
    def __init__(self, folder: Path, dtype: str) -> None:
        compiling.ensure()
        path = Files(folder).mistral
        self._model = load_for_serving(path, dtype=getattr(torch, dtype))
        self._tokenizer = endless(open_tokenizer(path))
        self.vocab_size = self._model.config.vocab_size

    def run(self, job: Job) -> Timing:
        torch.set_num_threads(job.setting.threads)
        max_len = job.prompt + 1 + job.new
        chunk = chunk_size(None, n_parameters=self._model.config.n_parameters)
        engine = Engine(self._model, self._cache(job.batch, max_len), self._tokenizer, max_len=max_len, max_chunk=chunk)
        timing = time_answers(engine, [tuple(prompt) for prompt in job.prompts(self.vocab_size)], job.new)
        return Timing(timing.prefill_s, timing.decode_s, timing.n_decoded)

    def last_logits(self, ids: list[int]) -> list[float]:
        logits = self._model.step([Chunk(0, 0, ids)], self._cache(1, len(ids)))
        values: list[float] = logits[0].tolist()
        return values

    def isa(self) -> str:
        march = next(flag for flag in flags() if flag.startswith("-march="))
        code = march if library() else "no compiled code"
        return f"torch {torch.backends.cpu.get_cpu_capability()}, {code}"

    def _cache(self, n_slots: int, max_len: int) -> RingCache:
        return RingCache(self._model.config, n_slots=n_slots, max_len=max_len, dtype=self._model.dtype)
