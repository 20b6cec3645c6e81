"""The step that a graph records, against `ServedModel.step`, which reads the same slots in Python."""

from random import Random
from unittest.mock import patch

import pytest
import torch
from torch import Tensor

from inference.model.cache import Chunk, RingCache
from inference.model.gpu import flash_attention
from inference.model.gpu.single_tokens import SingleTokens
from inference.model.operators import linear
from inference.model.serving import ServedModel
from tests.inference.model.builders import packed_weights, random_ids, served_model, tiny_config
from tests.inference.model.gpu.flash import flash

Window = int | tuple[int | None, ...] | None


def served(window: Window, n_kv_heads: int = 2, dtype: torch.dtype = torch.float32) -> ServedModel:
    config = tiny_config(sliding_window=window, n_heads=4, n_kv_heads=n_kv_heads)
    return served_model(config, seed=n_kv_heads, dtype=dtype)


def filled_cache(model: ServedModel, lengths: list[int], max_len: int, dtype: torch.dtype = torch.float32) -> RingCache:
    """Return a cache whose slots have these numbers of tokens of random text."""
    cache = RingCache(model.config, n_slots=len(lengths), max_len=max_len, dtype=dtype)
    for slot, n in enumerate(lengths):
        for start in range(0, n, 16):
            model.step([Chunk(slot, start, random_ids(n, seed=slot)[start : start + 16])], cache)
    return cache


def copied(cache: RingCache) -> list[Tensor]:
    return [ring.clone() for ring in cache.rings]


def rows_of(chunks: list[Chunk]) -> Tensor:
    return torch.tensor([(chunk.ids[0], chunk.slot, chunk.start) for chunk in chunks])


def check(window: Window, n_kv_heads: int, *, is_fused: bool, atol: float, dtype: torch.dtype = torch.float32) -> None:
    """Many steps of random slots in random order, from empty rings to rings overwritten several times."""
    model = served(window, n_kv_heads, dtype)
    rng = Random(n_kv_heads)
    cache = filled_cache(model, [0, 3, 20, 71, 40], 96, dtype)
    compute = SingleTokens(packed_weights(model), is_fused=is_fused)
    for _ in range(12):
        slots = rng.sample(range(5), rng.randint(1, 5))
        chunks = [Chunk(slot, cache.lengths[slot], [rng.randrange(97)]) for slot in slots]
        rings = copied(cache)
        with torch.inference_mode():
            found = compute(rows_of(chunks), rings, 96)
        expected = model.step(chunks, cache)
        assert found.dtype == torch.float32
        torch.testing.assert_close(found, expected, atol=atol, rtol=atol)
        for ring, other in zip(rings, cache.rings, strict=True):
            torch.testing.assert_close(ring, other, atol=atol, rtol=atol)


@pytest.mark.parametrize("n_kv_heads", [1, 2, 4])
@pytest.mark.parametrize("window", [None, 1, 7, 64, (7, None), (64, 1)])
def test_single_tokens_are_computed_as_in_an_ordinary_step(window: Window, n_kv_heads: int) -> None:
    check(window, n_kv_heads, is_fused=False, atol=1e-5)


@pytest.mark.parametrize("n_kv_heads", [1, 2, 4])
@pytest.mark.parametrize("window", [None, 1, 7, (64, None)])
def test_attention_by_starts_and_lengths_is_the_same(
    monkeypatch: pytest.MonkeyPatch, window: Window, n_kv_heads: int
) -> None:
    monkeypatch.setattr(flash_attention, "_flash", flash)
    check(window, n_kv_heads, is_fused=True, atol=1e-5)


def test_bfloat16_agrees_to_its_precision() -> None:
    check(7, 2, is_fused=False, atol=0.25, dtype=torch.bfloat16)


def test_plain_weights_work_as_on_a_gpu() -> None:
    """On a GPU no weight is in blocks, and a tied embedding is the head."""
    config = tiny_config(sliding_window=7, tied_embeddings=True)
    with patch.object(linear, "_is_for_blocks", return_value=False):
        model = served_model(config)
    cache = filled_cache(model, [5, 30], 64)
    chunks = [Chunk(1, 30, [3]), Chunk(0, 5, [4])]
    with torch.inference_mode():
        found = SingleTokens(packed_weights(model), is_fused=False)(rows_of(chunks), copied(cache), 64)
    torch.testing.assert_close(found, model.step(chunks, cache), atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize("window", [None, 7])
def test_copies_of_a_row_change_nothing(window: Window) -> None:
    model = served(window)
    cache = filled_cache(model, [9, 4, 30], 64)
    rows = rows_of([Chunk(2, 30, [5]), Chunk(0, 9, [6]), Chunk(1, 4, [7])])
    compute = SingleTokens(packed_weights(model), is_fused=False)
    alone, padded = copied(cache), copied(cache)
    with torch.inference_mode():
        expected = compute(torch.cat([rows, rows[:1]]), alone, 64)[:3]
        found = compute(torch.cat([rows, rows[:1].expand(5, 3)]), padded, 64)
    assert torch.isfinite(found).all()
    torch.testing.assert_close(found[:3], expected, atol=1e-6, rtol=1e-6)
    for ring, other in zip(padded, alone, strict=True):
        torch.testing.assert_close(ring, other, atol=1e-6, rtol=1e-6)


@pytest.mark.parametrize("n_keys", [31, 40, 64])
def test_only_the_first_rows_of_a_ring_are_read(n_keys: int) -> None:
    """Rows after them, NaN here, are not read."""
    model = served((None, 7))
    cache = filled_cache(model, [9, 30], 64)
    chunks = [Chunk(0, 9, [5]), Chunk(1, 30, [6])]
    rings = copied(cache)
    rings[0][:, :, :, n_keys:] = float("nan")
    with torch.inference_mode():
        found = SingleTokens(packed_weights(model), is_fused=False)(rows_of(chunks), rings, n_keys)
    torch.testing.assert_close(found, model.step(chunks, cache), atol=1e-5, rtol=1e-5)
