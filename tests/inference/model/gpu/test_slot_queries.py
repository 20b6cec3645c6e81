"""A step of prompts and single tokens in one pass, as on a GPU, against the two passes of a CPU."""

from random import Random

import pytest
import torch

from inference.model import block_step, plan
from inference.model.cache import Chunk, RingCache
from inference.model.gpu import flash_attention
from inference.model.gpu.plain_attention import attend_in_pieces
from inference.model.serving import ServedModel
from tests.inference.model.builders import random_ids, served_model, tiny_config
from tests.inference.model.gpu.flash import flash


@pytest.mark.parametrize("is_fused", [False, True])
@pytest.mark.parametrize("window", [None, 1, 7, (64, 7)])
def test_single_tokens_beside_prompts_see_what_they_see_alone(
    monkeypatch: pytest.MonkeyPatch, window: int | tuple[int | None, ...] | None, is_fused: bool
) -> None:
    model, other = (served_model(tiny_config(sliding_window=window)) for _ in range(2))
    caches = [RingCache(model.config, n_slots=5, max_len=90, dtype=torch.float32) for _ in range(2)]
    monkeypatch.setattr(flash_attention, "_flash", flash)
    monkeypatch.setattr(plan, "can_fuse", lambda *shape: is_fused)
    rng = Random(1)
    for step in range(12):
        slots = rng.sample(range(5), rng.randint(2, 5))
        sizes = [rng.choice([1, 1, 6]) for _ in slots]
        chunks = [
            Chunk(slot, caches[0].lengths[slot], random_ids(n, seed=step)) for slot, n in zip(slots, sizes, strict=True)
        ]
        every_token = rng.random() < 0.5
        expected = other.step(chunks, caches[1], every_token=every_token)
        with monkeypatch.context() as on_a_gpu:
            on_a_gpu.setattr(ServedModel, "device", torch.device("cuda"))
            on_a_gpu.setattr(ServedModel, "_decode", lambda *_: None)
            on_a_gpu.setattr(block_step, "can_fuse", lambda *shape: is_fused)
            found = model.step(chunks, caches[0], every_token=every_token)
        torch.testing.assert_close(found, expected, atol=1e-4, rtol=1e-4)


@pytest.mark.parametrize("window", [None, 1, 100, 2000])
@pytest.mark.parametrize(("n_queries", "n_past"), [(1, 0), (600, 0), (600, 99), (257, 700)])
def test_queries_in_pieces_see_the_same(n_queries: int, n_past: int, window: int | None) -> None:
    generator = torch.Generator().manual_seed(0)
    n_keys = n_past + n_queries
    q = torch.randn(n_queries, 4, 16, generator=generator) / 4
    k, v = torch.randn(2, n_keys, 2, 16, generator=generator)
    ends = torch.tensor([0, n_queries], dtype=torch.int32), torch.tensor([0, n_keys], dtype=torch.int32)
    expected = flash(q, k, v, *ends, n_queries, n_keys, is_causal=True, window=window)
    torch.testing.assert_close(attend_in_pieces(q, k, v, window), expected, atol=1e-4, rtol=1e-4)
