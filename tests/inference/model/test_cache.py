import random
from dataclasses import replace

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from inference.model.cache import Chunk, RingCache, bytes_per_slot, largest_layer
from tests.inference.model.builders import random_ids, random_model, served_model, tiny_config


def test_a_slot_stores_the_window_whatever_the_length() -> None:
    config = tiny_config(sliding_window=4096, n_layers=1, max_seq_len=32768)
    per_slot = bytes_per_slot(config, max_len=32768, dtype=torch.bfloat16)
    full = bytes_per_slot(tiny_config(sliding_window=None, n_layers=1), max_len=32768, dtype=torch.bfloat16)
    assert per_slot == 4096 * 2 * 2 * 8 * 2  # rows, keys and values, key heads, head_dim, bytes
    assert full == 8 * per_slot  # the paper's figure at 32k tokens


def test_bytes_do_not_grow_with_the_text() -> None:
    model = served_model(tiny_config(sliding_window=7))
    cache = RingCache(model.config, n_slots=2, max_len=400, dtype=torch.float32)
    before, places = cache.n_bytes, [ring.data_ptr() for ring in cache.rings]
    for start in range(0, 400, 50):
        model.step([Chunk(1, start, random_ids(50))], cache)
    assert cache.n_bytes == before == 2 * bytes_per_slot(model.config, max_len=400, dtype=torch.float32)
    assert places == [ring.data_ptr() for ring in cache.rings]
    assert all(ring.shape[3] == 7 for ring in cache.rings)


def test_a_conversation_of_32k_tokens_takes_an_eighth_of_a_full_cache() -> None:
    """Mistral 7B's shape, allocated on a device without memory: 512 MiB a slot instead of 4 GiB."""
    shape = tiny_config(sliding_window=4096, n_layers=32, n_heads=32, n_kv_heads=8, head_dim=128, max_seq_len=32768)
    windowed, full = (
        RingCache(config, n_slots=1, max_len=32768, dtype=torch.bfloat16, device="meta")
        for config in (shape, replace(shape, sliding_window=None))
    )
    assert windowed.n_bytes == 512 * 2**20
    assert full.n_bytes == 8 * windowed.n_bytes
    half = RingCache(
        replace(shape, sliding_window=(4096, None)), n_slots=1, max_len=32768, dtype=torch.bfloat16, device="meta"
    )
    assert half.n_bytes == (windowed.n_bytes + full.n_bytes) // 2, "windows layer by layer"


def test_rings_follow_each_layers_window_and_never_exceed_max_len() -> None:
    cache = RingCache(tiny_config(sliding_window=(5, None)), n_slots=1, max_len=20, dtype=torch.float32)
    assert [ring.shape[3] for ring in cache.rings] == [5, 20]
    short = RingCache(tiny_config(sliding_window=64), n_slots=1, max_len=20, dtype=torch.float32)
    assert short.rings[0].shape[3] == 20


def test_a_reset_slot_forgets_even_nan() -> None:
    model = served_model(tiny_config())
    cache = RingCache(model.config, n_slots=2, max_len=50, dtype=torch.float32)
    model.step([Chunk(0, 0, [1, 2, 3]), Chunk(1, 0, [4, 5])], cache)
    fresh = RingCache(model.config, n_slots=2, max_len=50, dtype=torch.float32)
    expected = model.step([Chunk(0, 0, [9])], fresh)
    for ring in cache.rings:
        ring[:, 0].fill_(float("nan"))
    kept = [ring[:, 1].clone() for ring in cache.rings]
    cache.reset(0)
    assert cache.lengths == [0, 2]
    assert torch.equal(model.step([Chunk(0, 0, [9])], cache), expected)
    assert all(torch.equal(ring[:, 1], old) for ring, old in zip(cache.rings, kept, strict=True))


@pytest.mark.parametrize(("n_slots", "max_len"), [(0, 5), (1, 0)])
def test_an_empty_cache_is_refused(n_slots: int, max_len: int) -> None:
    with pytest.raises(ValueError, match=f"n_slots is {n_slots} and max_len {max_len}; at least 1"):
        RingCache(tiny_config(), n_slots=n_slots, max_len=max_len, dtype=torch.float32)


@settings(max_examples=60, deadline=None, derandomize=True)
@given(
    window=st.sampled_from([None, 1, 4, 9, (3, None), (5, 8)]),
    max_len=st.sampled_from([8, 40]),
    seed=st.integers(0, 2**32),
)
def test_a_rewound_slot_continues_as_if_the_rest_had_never_been_stored(
    window: int | tuple[int | None, ...] | None, max_len: int, seed: int
) -> None:
    """Two texts grow in random pieces, are cut back where their rings allow it, and grow again."""
    rng = random.Random(seed)
    config = tiny_config(sliding_window=window)
    model, whole = served_model(config), random_model(config)
    cache = RingCache(model.config, n_slots=2, max_len=max_len, dtype=torch.float32)
    texts: list[list[int]] = [[], []]
    worst = 0.0
    for _ in range(25):
        slot = rng.randrange(2)
        text = texts[slot]
        if text and rng.random() < 0.4:
            n = rng.randint(0, len(text))
            if 0 < n < len(text) and len(text) > cache.n_rewindable:
                with pytest.raises(ValueError, match="are overwritten; rewind it to 0"):
                    cache.rewind(slot, n)
                n = rng.choice([0, len(text)])
            cache.rewind(slot, n)
            del text[n:]
            assert cache.lengths[slot] == n
            assert all(not ring[:, slot, :, n:].any() for ring in cache.rings), "as after a reset"
        elif len(text) < max_len:
            new = random_ids(rng.randint(1, min(12, max_len - len(text))), seed=rng.randrange(2**32))
            logits = model.step([Chunk(slot, len(text), new)], cache)[0]
            text += new
            expected = whole.forward_full(torch.tensor([text]))[0, -1]
            worst = max(worst, float((logits.log_softmax(-1) - expected.log_softmax(-1)).abs().max()))
    assert worst < 1e-4


def test_a_slot_cannot_be_rewound_to_more_tokens_or_to_overwritten_keys() -> None:
    model = served_model(tiny_config())
    cache = RingCache(model.config, n_slots=1, max_len=50, dtype=torch.float32)
    model.step([Chunk(0, 0, [1, 2, 3])], cache)
    for n in (4, -1):
        with pytest.raises(ValueError, match=f"slot 0 has 3 tokens; it cannot be rewound to {n}"):
            cache.rewind(0, n)
    model.step([Chunk(0, 3, [4] * 6)], cache)
    with pytest.raises(
        ValueError, match="slot 0 has 9 tokens and its shortest ring 7 rows: keys that 8 tokens see are overwritten"
    ):
        cache.rewind(0, 8)


def test_more_or_fewer_slots_keep_their_sequences_bit_for_bit() -> None:
    model = served_model(tiny_config(sliding_window=(5, None)))
    caches = [RingCache(model.config, n_slots=3, max_len=30, dtype=torch.float32) for _ in range(2)]
    for cache in caches:
        model.step([Chunk(slot, 0, random_ids(9, seed=slot)) for slot in range(3)], cache)
    kept, resized = caches
    per_slot = resized.n_bytes // 3
    for order, n_slots, chunks in (
        ([0, 2], 2, [Chunk(0, 9, [7]), Chunk(1, 9, [8])]),
        ([0, 1], 4, [Chunk(0, 10, [9]), Chunk(1, 10, [9])]),
    ):
        resized.resize(order, n_slots)
        assert (resized.n_slots, resized.n_bytes) == (n_slots, n_slots * per_slot)
        in_old_slots = [Chunk(2 * chunk.slot, chunk.start, chunk.ids) for chunk in chunks]
        assert torch.equal(model.step(chunks, resized), model.step(in_old_slots, kept))
    assert resized.lengths == [11, 11, 0, 0]
    assert all(not ring[:, 2:].any() for ring in resized.rings)
    resized.resize([], 1)
    assert resized.lengths == [0]


def test_the_largest_layer_is_a_share_of_the_cache() -> None:
    assert largest_layer(tiny_config(sliding_window=5, n_layers=4), max_len=30) == 1 / 4
    assert largest_layer(tiny_config(sliding_window=(10, None), n_layers=2), max_len=30) == 3 / 4
