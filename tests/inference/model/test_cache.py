import pytest
import torch

from inference.model.cache import Chunk, RingCache, bytes_per_slot
from tests.inference.model.builders import random_ids, random_model, tiny_config


def test_a_slot_holds_the_window_whatever_the_length() -> None:
    config = tiny_config(sliding_window=4096, n_layers=1, max_seq_len=32768)
    per_slot = bytes_per_slot(config, max_len=32768, dtype=torch.bfloat16)
    full = bytes_per_slot(tiny_config(sliding_window=None, n_layers=1), max_len=32768, dtype=torch.bfloat16)
    assert per_slot == 4096 * 2 * 2 * 8 * 2  # rows, keys and values, key heads, head_dim, bytes
    assert full == 8 * per_slot  # the paper's figure at 32k tokens


def test_bytes_do_not_grow_with_the_text() -> None:
    model = random_model(tiny_config(sliding_window=7))
    cache = RingCache(model.config, n_slots=2, max_len=400, dtype=torch.float32)
    before, places = cache.n_bytes, [tensor.data_ptr() for tensor in (*cache.keys, *cache.values)]
    for start in range(0, 400, 50):
        model.step([Chunk(1, start, random_ids(50))], cache)
    assert cache.n_bytes == before == 2 * bytes_per_slot(model.config, max_len=400, dtype=torch.float32)
    assert places == [tensor.data_ptr() for tensor in (*cache.keys, *cache.values)]
    assert all(tensor.shape[2] == 7 for tensor in cache.keys)


def test_rings_follow_each_layers_window_and_never_exceed_max_len() -> None:
    cache = RingCache(tiny_config(sliding_window=(5, None)), n_slots=1, max_len=20, dtype=torch.float32)
    assert [tensor.shape[2] for tensor in cache.keys] == [5, 20]
    short = RingCache(tiny_config(sliding_window=64), n_slots=1, max_len=20, dtype=torch.float32)
    assert short.keys[0].shape[2] == 20


def test_a_reset_slot_forgets_even_nan() -> None:
    model = random_model(tiny_config())
    cache = RingCache(model.config, n_slots=2, max_len=50, dtype=torch.float32)
    model.step([Chunk(0, 0, [1, 2, 3]), Chunk(1, 0, [4, 5])], cache)
    fresh = RingCache(model.config, n_slots=2, max_len=50, dtype=torch.float32)
    expected = model.step([Chunk(0, 0, [9])], fresh)
    for tensor in (*cache.keys, *cache.values):
        tensor[0].fill_(float("nan"))
    kept = [tensor[1].clone() for tensor in cache.keys]
    cache.reset(0)
    assert cache.lengths == [0, 2]
    assert torch.equal(model.step([Chunk(0, 0, [9])], cache), expected)
    assert all(torch.equal(tensor[1], old) for tensor, old in zip(cache.keys, kept, strict=True))


@pytest.mark.parametrize(("n_slots", "max_len"), [(0, 5), (1, 0)])
def test_an_empty_cache_is_refused(n_slots: int, max_len: int) -> None:
    with pytest.raises(ValueError, match=f"n_slots is {n_slots} and max_len {max_len}; at least 1"):
        RingCache(tiny_config(), n_slots=n_slots, max_len=max_len, dtype=torch.float32)
