"""Prompts read by compiled code against torch's operators, with the same model."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

import pytest
import torch
from torch import Tensor

from inference.model.cache import Chunk, RingCache
from inference.model.config import ModelConfig, YarnScaling
from inference.model.serving import ServedModel
from tests.inference.model.builders import random_ids, random_model, served_model, tiny_config
from tests.inference.model.native.needs import needs_compiler

pytestmark = needs_compiler

CONFIGS = [
    replace(tiny_config(sliding_window=7), hidden_dim=600),  # more inputs than a strip, more outputs than a unit
    tiny_config(sliding_window=None, n_heads=8, n_kv_heads=1),
    replace(tiny_config(sliding_window=(3, None), n_heads=6, n_kv_heads=3, head_dim=10), dim=40, vocab_size=72),
    replace(tiny_config(sliding_window=40, n_heads=2, n_kv_heads=1, head_dim=128), rope_scaling=YarnScaling(8.0, 16)),
]
PROMPTS = {slot: random_ids(n, seed=slot, vocab_size=72) for slot, n in enumerate((6, 13, 3, 70))}
CUTS = (0, 2, 11, 40, 70)


def read(
    model: ServedModel, slots: Sequence[int] = tuple(PROMPTS), *, by_torch: bool = False, every_token: bool = True
) -> tuple[dict[int, Tensor], RingCache]:
    """Read the prompts of `slots` in chunks; return the logits of each slot and the cache."""
    cache = RingCache(model.config, n_slots=4, max_len=70, dtype=model.dtype)
    logits = dict[int, list[Tensor]]()
    for start, end in pairwise(CUTS):
        chunks = [Chunk(s, start, PROMPTS[s][start:end], by_torch) for s in slots if len(PROMPTS[s]) > start]
        if not chunks:
            break
        sizes = [len(chunk.ids) if every_token else 1 for chunk in chunks]
        found = torch.split(model.step(chunks, cache, every_token=every_token), sizes)
        for chunk, its in zip(chunks, found, strict=True):
            logits.setdefault(chunk.slot, []).append(its)
    assert by_torch or model._prefiller is not None
    return {slot: torch.cat(some) for slot, some in logits.items()}, cache


@pytest.mark.parametrize("is_int8", [False, True])
@pytest.mark.parametrize("config", CONFIGS)
def test_compiled_prefill_equals_torchs_in_float32(config: ModelConfig, is_int8: bool) -> None:
    model = served_model(config, int8=is_int8)
    (ours, our_cache), (torchs, their_cache) = read(model), read(model, by_torch=True)
    for slot in PROMPTS:
        torch.testing.assert_close(ours[slot], torchs[slot], atol=1e-4, rtol=0)
    for our_ring, their_ring in zip(our_cache.rings, their_cache.rings, strict=True):
        torch.testing.assert_close(our_ring, their_ring, atol=1e-4, rtol=0)


@pytest.mark.parametrize("config", CONFIGS[:2])
def test_bfloat16_weights_lose_less_than_in_torch(config: ModelConfig) -> None:
    """Only keys and values are rounded; torch rounds every activation."""
    model = served_model(config, dtype=torch.bfloat16, by_onednn=False)
    truth, _ = read(random_model(config, dtype=torch.bfloat16).float().served())
    ours, torchs = read(model)[0], read(model, by_torch=True)[0]
    errors = [sum(float((some[s] - truth[s]).abs().sum()) for s in PROMPTS) for some in (ours, torchs)]
    assert errors[0] < 0.8 * errors[1]


@pytest.mark.parametrize(("dtype", "is_int8"), [(torch.float32, False), (torch.bfloat16, False), (torch.float32, True)])
def test_a_prompt_has_the_same_bits_in_any_company_and_on_any_number_of_threads(
    dtype: torch.dtype, is_int8: bool
) -> None:
    model = served_model(CONFIGS[0], dtype=dtype, int8=is_int8, by_onednn=False)
    crowd, _ = read(model)
    n_threads = torch.get_num_threads()
    try:
        for slot in PROMPTS:
            torch.set_num_threads(slot + 1)
            assert torch.equal(read(model, [slot])[0][slot], crowd[slot])
    finally:
        torch.set_num_threads(n_threads)


def test_the_last_tokens_have_the_same_logits_with_and_without_the_others() -> None:
    model = served_model(CONFIGS[1])
    whole, last = read(model)[0][3], read(model, every_token=False)[0][3]
    assert torch.equal(last, whole[[end - 1 for end in CUTS[1:]]])
