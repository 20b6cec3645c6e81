"""Compare the model on a device with the same model in float32 on the CPU.

Three sequences run together, with prompts in chunks and decoding past the window. The model runs packed, as it is
served (on a GPU with CUDA graphs), and plain, without them. Devices differ in their last bits, so the check is that the
logits agree to the precision of the dtype, and that in float32 every greedy token is the same.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch

from bench.models.random_weights import random_model
from inference.bench import random_prompts
from inference.model.cache import Chunk, RingCache
from inference.model.config import ModelConfig
from inference.model.transformer import Transformer

_CONFIG = ModelConfig(256, 4, 64, 512, 8, 2, 1e-5, 1000, sliding_window=64)
_WINDOWS: tuple[int | tuple[int | None, ...] | None, ...] = (64, None, (32, None), 1)
_LENGTHS = (150, 40, 505)  # prompt lengths: past the window, within it, and past a graph's 512 keys
_CHUNK = 48
_N_DECODED = 24
_SPREAD = 4.0  # factor on the usual weights: then each layer changes its input about as much as it keeps
_TOLERANCE = {torch.float32: 1e-4, torch.bfloat16: 5e-2}


@dataclass(frozen=True, slots=True)
class Agreement:
    """`error` is the norm of the difference of all logits over the norm of the expected ones; `same` of `n` greedy
    tokens are the same. `way` is the decode backend."""

    way: str
    window: str
    dtype: str
    error: float
    tolerance: float
    same: int
    n: int

    @property
    def is_right(self) -> bool:
        return self.error <= self.tolerance and (self.dtype != "float32" or self.same == self.n)


def check(device: torch.device, dtypes: Sequence[torch.dtype] = (torch.float32, torch.bfloat16)) -> list[Agreement]:
    """Return one agreement for each window and dtype, packed and plain."""
    found = []
    for window in _WINDOWS:
        config = replace(_CONFIG, sliding_window=window)
        expected = _run(_model(config, torch.float32, "cpu").pack(), torch.device("cpu"), None)
        for dtype in dtypes:
            packed, plain = (_model(config, dtype, str(device)) for _ in range(2))
            found += [_agreement(model, device, expected) for model in (packed.pack(), plain)]
    return found


def _agreement(model: Transformer, device: torch.device, expected: tuple[torch.Tensor, list[list[int]]]) -> Agreement:
    dtype = model.tok_embeddings.weight.dtype
    logits, tokens = expected
    found, chosen = _run(model, device, tokens)
    error = float((found - logits).norm() / logits.norm())
    same = sum(a == b for row, other in zip(tokens, chosen, strict=True) for a, b in zip(row, other, strict=True))
    window, name = str(model.config.sliding_window), str(dtype).removeprefix("torch.")
    return Agreement(model.way_of_decoding, window, name, error, _TOLERANCE[dtype], same, sum(map(len, tokens)))


def _model(config: ModelConfig, dtype: torch.dtype, device: str) -> Transformer:
    model = random_model(config)  # drawn on the CPU in bfloat16, so the weights are the same everywhere
    state = {name: tensor * (1 if "norm" in name else _SPREAD) for name, tensor in model.state_dict().items()}
    model.load_state_dict(state, assign=True)
    return model.to(device=device, dtype=dtype)


def _run(
    model: Transformer, device: torch.device, forced: list[list[int]] | None
) -> tuple[torch.Tensor, list[list[int]]]:
    """Return the logits (steps, sequences, V) on the CPU and their greedy tokens.

    With `forced`, these tokens are decoded instead, so that one different token does not change all later ones.
    """
    n = len(_LENGTHS)
    max_len, dtype = max(_LENGTHS) + _N_DECODED, model.tok_embeddings.weight.dtype
    cache = RingCache(model.config, n_slots=n, max_len=max_len, dtype=dtype, device=device)
    prompts = [random_prompts(1, length, model.config.vocab_size, length)[0] for length in _LENGTHS]
    last: dict[int, torch.Tensor] = {}
    for start in range(0, max(_LENGTHS), _CHUNK):
        pieces = [(slot, prompt[start : start + _CHUNK]) for slot, prompt in enumerate(prompts) if start < len(prompt)]
        logits = model.step([Chunk(slot, start, ids) for slot, ids in pieces], cache)
        last |= {slot: logits[i] for i, (slot, _) in enumerate(pieces)}
    rows = [torch.stack([last[slot] for slot in range(n)])]
    for step in range(_N_DECODED - 1):
        tokens = rows[-1].argmax(-1).tolist() if forced is None else forced[step]
        chunks = [Chunk(slot, _LENGTHS[slot] + step, (token,)) for slot, token in enumerate(tokens)]
        rows.append(model.step(chunks, cache))
    logits = torch.stack(rows).cpu()
    return logits, logits.argmax(-1).tolist()
