"""Compare the model on a device with the same model in float32 on the CPU.

Three sequences run together, with prompts in chunks and decoding past the window; the shorter ones decode while the
longest prompt is read, in the same steps. The model runs as it is served (on a GPU with CUDA graphs), and with torch's
operators alone. Devices differ in their last bits, so the check is that the logits agree to the precision of the dtype,
and that in float32 every greedy token is the same.
"""

from dataclasses import dataclass, replace

import torch

from bench.models.random_weights import random_model
from inference.bench import random_prompts
from inference.model.cache import Chunk, RingCache
from inference.model.config import ModelConfig
from inference.model.gpu.cards import has_bfloat16
from inference.model.serving import ServedModel

_CONFIG = ModelConfig(256, 4, 64, 512, 8, 2, 1e-5, 1000, sliding_window=64)
_WINDOWS: tuple[int | tuple[int | None, ...] | None, ...] = (64, None, (32, None), 1)
_LENGTHS = (150, 40, 505)  # prompt lengths: past the window, within it, and past a graph's 512 keys
_CHUNK = 48
_N_DECODED = 24
_SPREAD = 4.0  # factor on the usual weights: then each layer changes its input about as much as it keeps
_TOLERANCE = {torch.float32: 1e-4, torch.bfloat16: 5e-2, torch.float16: 1e-2}


@dataclass(frozen=True, slots=True)
class Agreement:
    """`error` is the norm of the difference of all logits over the norm of the expected ones; `same` of `n` greedy
    tokens are the same. `decode_backend` decodes single tokens."""

    decode_backend: str
    window: str
    dtype: str
    error: float
    tolerance: float
    same: int
    n: int

    @property
    def is_right(self) -> bool:
        return self.error <= self.tolerance and (self.dtype != "float32" or self.same == self.n)


def check(device: torch.device) -> list[Agreement]:
    """Return one agreement for each window and dtype, as served and with torch's operators alone.

    A card without bfloat16 is checked in float32 and float16. A CPU, where float16 is slow, is checked in it once.
    """
    found = []
    for window in _WINDOWS:
        config = replace(_CONFIG, sliding_window=window)
        expected = _run(_model(config, torch.float32, "cpu"), torch.device("cpu"), None)
        for dtype in _dtypes(device, is_first=window == _WINDOWS[0]):
            model = _model(config, dtype, str(device))
            found += [_agreement(model, device, expected, by_torch=by_torch) for by_torch in (False, True)]
    return found


def _dtypes(device: torch.device, *, is_first: bool) -> list[torch.dtype]:
    if device.type == "cuda" and not has_bfloat16(device):
        return [torch.float32, torch.float16]
    both = [torch.float32, torch.bfloat16]
    return [*both, torch.float16] if is_first or device.type == "cuda" else both


def _agreement(
    model: ServedModel, device: torch.device, expected: tuple[torch.Tensor, list[list[int]]], *, by_torch: bool
) -> Agreement:
    logits, tokens = expected
    found, chosen = _run(model, device, tokens, by_torch=by_torch)
    error = float((found - logits).norm() / logits.norm())
    same = sum(a == b for row, other in zip(tokens, chosen, strict=True) for a, b in zip(row, other, strict=True))
    decode_backend = "torch" if by_torch else model.way_of_decoding
    window, name = str(model.config.sliding_window), str(model.dtype).removeprefix("torch.")
    return Agreement(decode_backend, window, name, error, _TOLERANCE[model.dtype], same, sum(map(len, tokens)))


def _model(config: ModelConfig, dtype: torch.dtype, device: str) -> ServedModel:
    model = random_model(config)  # drawn on the CPU in bfloat16, so the weights are the same everywhere
    state = {name: tensor * (1 if "norm" in name else _SPREAD) for name, tensor in model.state_dict().items()}
    model.load_state_dict(state, assign=True)
    return model.to(device=device, dtype=dtype).served()


def _run(
    model: ServedModel, device: torch.device, forced: list[list[int]] | None, *, by_torch: bool = False
) -> tuple[torch.Tensor, list[list[int]]]:
    """Return the logits (sequences, tokens, V) on the CPU and their greedy tokens.

    With `forced`, these tokens are decoded instead, so that one different token does not change all later ones.
    """
    n = len(_LENGTHS)
    max_len = max(_LENGTHS) + _N_DECODED
    cache = RingCache(model.config, n_slots=n, max_len=max_len, dtype=model.dtype, device=device)
    if not by_torch:
        model.prepare(cache)
    texts = [list(random_prompts(1, length, model.config.vocab_size, length)[0]) for length in _LENGTHS]
    found: list[list[torch.Tensor]] = [[] for _ in texts]
    while unfinished := [slot for slot in range(n) if len(found[slot]) < _N_DECODED]:
        starts = [cache.lengths[slot] for slot in unfinished]
        chunks = [
            Chunk(slot, start, texts[slot][start : start + _CHUNK], by_torch)
            for slot, start in zip(unfinished, starts, strict=True)
        ]
        logits = model.step(chunks, cache)
        for row, slot in enumerate(unfinished):
            if cache.lengths[slot] < len(texts[slot]):
                continue
            number = len(found[slot])
            found[slot].append(logits[row].clone())
            texts[slot].append(int(logits[row].argmax()) if forced is None else forced[slot][number])
    together = torch.stack([torch.stack(rows) for rows in found]).cpu()
    return together, together.argmax(-1).tolist()
