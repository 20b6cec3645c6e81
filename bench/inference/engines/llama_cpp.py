"""llama.cpp, through llama-cpp-python's low-level calls.

It uses the batch API, as its own server does, and decodes greedily. Logical batches of 2,048 tokens and physical ones
of 512 are llama.cpp's defaults. Each sequence has its own cache: a common one was slower (8 sequences of 15M: prompts
0.69 s instead of 0.48 s, decoding 1.05 s instead of 0.92 s). int8 is Q8_0, with float16 keys. Its "llama" architecture
has no window for Mistral, so beyond the window its attention does more work than the others', and its cache has more
keys.
"""

import ctypes
import os
import time
from pathlib import Path
from typing import Any

import llama_cpp as api
import numpy as np

from bench.inference.engines.interface import Job, Options, Timing
from bench.models.files import Files

_BATCH = 2048


class LlamaCpp:
    def __init__(self, folder: Path, dtype: str) -> None:
        api.llama_log_set(_SILENCE, ctypes.c_void_p(0))
        api.llama_backend_init()
        path = Files(folder).gguf(dtype)
        self._model = api.llama_model_load_from_file(str(path).encode(), api.llama_model_default_params())
        if not self._model:
            raise RuntimeError(f"llama.cpp cannot load {path}")
        self._cache_type = api.GGML_TYPE_F32 if dtype == "float32" else api.GGML_TYPE_F16
        self.vocab_size: int = api.llama_vocab_n_tokens(api.llama_model_get_vocab(self._model))

    def run(self, job: Job) -> Timing:
        prompts = job.prompts(self.vocab_size)
        context = self._context(job.batch, job.prompt + job.new, job.setting)
        parts = _prompt_parts(prompts)
        step = api.llama_batch_init(job.batch, 0, 1)
        try:
            begun = time.perf_counter()
            tokens = self._read(context, parts)
            first = time.perf_counter()
            for position in range(job.prompt, job.prompt + job.new - 1):
                _fill(step, [(token, position, sequence, True) for sequence, token in enumerate(tokens)])
                _decode(context, step)
                tokens = [self._greedy(context, row) for row in range(job.batch)]
            end = time.perf_counter()
        finally:
            for batch in (step, *parts):
                api.llama_batch_free(batch)
            api.llama_free(context)
        return Timing(first - begun, end - first, (job.new - 1) * job.batch)

    def last_logits(self, ids: list[int]) -> list[float]:
        context = self._context(1, len(ids), Options(threads=2))
        parts = _prompt_parts([ids])
        try:
            self._read(context, parts)
            values: list[float] = self._logits(context, -1).tolist()
        finally:
            api.llama_batch_free(parts[0])
            api.llama_free(context)
        return values

    def isa(self) -> str:
        report: str = api.llama_print_system_info().decode()
        return " ".join(part.split(" = ")[0].strip() for part in report.removeprefix("CPU : ").split("|")).strip()

    def _context(self, n_sequences: int, max_len: int, setting: Options) -> Any:
        params = api.llama_context_default_params()
        params.n_ctx = n_sequences * (
            -(-max_len // 256) * 256
        )  # llama.cpp requires a multiple of 256 for each sequence
        params.n_batch, params.n_ubatch, params.n_seq_max = _BATCH, 512, n_sequences
        params.n_threads, params.n_threads_batch = setting.threads, len(os.sched_getaffinity(0))
        params.type_k = params.type_v = self._cache_type
        params.flash_attn_type = 1 if setting.has_flash else 0
        context = api.llama_init_from_model(self._model, params)
        if not context:
            raise RuntimeError(f"llama.cpp cannot create a context for {n_sequences} sequences of {max_len} tokens")
        return context

    def _read(self, context: Any, parts: list[Any]) -> list[int]:
        """Read all prompts and return the first token after each."""
        tokens = []
        for batch in parts:
            _decode(context, batch)
            tokens += [self._greedy(context, row) for row in range(batch.n_tokens) if batch.logits[row]]
        return tokens

    def _greedy(self, context: Any, row: int) -> int:
        return int(self._logits(context, row).argmax())

    def _logits(self, context: Any, row: int) -> Any:
        return np.ctypeslib.as_array(api.llama_get_logits_ith(context, row), (self.vocab_size,))


@api.llama_log_callback
def _SILENCE(level: int, text: bytes, user_data: Any) -> None:  # noqa: N802
    """Discard llama.cpp's log lines."""


def _prompt_parts(prompts: list[list[int]]) -> list[Any]:
    """Return the prompts as batches of up to 2,048 tokens, with logits for last tokens only; they are not timed."""
    rows = [
        (token, position, sequence, position == len(prompt) - 1)
        for sequence, prompt in enumerate(prompts)
        for position, token in enumerate(prompt)
    ]
    parts = []
    for start in range(0, len(rows), _BATCH):
        batch = api.llama_batch_init(_BATCH, 0, 1)
        _fill(batch, rows[start : start + _BATCH])
        parts.append(batch)
    return parts


def _fill(batch: Any, rows: list[tuple[int, int, int, bool]]) -> None:
    """Fill a batch with rows of (token, position, sequence, whether to compute its logits)."""
    batch.n_tokens = len(rows)
    for i, (token, position, sequence, is_wanted) in enumerate(rows):
        batch.token[i] = token
        batch.pos[i] = position
        batch.n_seq_id[i] = 1
        batch.seq_id[i][0] = sequence
        batch.logits[i] = is_wanted


def _decode(context: Any, batch: Any) -> None:
    code = api.llama_decode(context, batch)
    if code != 0:
        raise RuntimeError(f"llama_decode returned {code}, expected 0")
