import random
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from inference.model import serving
from inference.model.cache import Chunk, RingCache
from inference.model.checkpoint import weights
from inference.model.config import (
    Family,
    LinearScaling,
    Llama3Scaling,
    ModelConfig,
    RopeScaling,
    YarnScaling,
)
from inference.model.gpu.single_tokens import SingleTokens
from inference.model.serving import ServedModel
from tests.inference.model.builders import (
    hugging_face_logits,
    hugging_face_model,
    packed_weights,
    random_ids,
    random_model,
    served_model,
    tiny_config,
)

WINDOWS = [None, 1, 7, 64]


def in_chunks(model: ServedModel, ids: list[int], size: int) -> Tensor:
    cache = RingCache(model.config, n_slots=1, max_len=len(ids), dtype=torch.float32)
    steps = [Chunk(0, start, ids[start : start + size]) for start in range(0, len(ids), size)]
    return torch.cat([model.step([chunk], cache, every_token=True) for chunk in steps])


def farthest(ours: Tensor, theirs: Tensor) -> float:
    """The largest difference in log-probability."""
    return float((ours.log_softmax(-1) - theirs.log_softmax(-1)).abs().max())


SHAPES: list[tuple[Family, int, int, bool, float, int]] = [
    ("mistral", 8, 8, False, 1e4, 2),
    ("mistral", 8, 4, True, 1e6, 3),
    ("mistral", 8, 2, False, 1e6, 2),
    ("mistral", 8, 1, False, 1e4, 1),
    ("llama", 4, 4, False, 1e4, 2),
    ("llama", 8, 1, False, 1e4, 2),
]


@pytest.mark.parametrize(
    ("family", "n_heads", "n_kv_heads", "is_tied", "theta", "n_layers", "window"),
    [(*shape, window) for shape in SHAPES for window in WINDOWS if window is None or shape[0] == "mistral"],
)
def test_a_checkpoint_of_transformers_gives_its_logits_for_every_chunk_size(
    tmp_path: Path,
    family: Family,
    n_heads: int,
    n_kv_heads: int,
    is_tied: bool,
    theta: float,
    n_layers: int,
    window: int | None,
) -> None:
    config = tiny_config(
        sliding_window=window,
        n_layers=n_layers,
        n_heads=n_heads,
        n_kv_heads=n_kv_heads,
        rope_theta=theta,
        tied_embeddings=is_tied,
    )
    width = window or 16
    theirs = hugging_face_model(config, family, seed=n_kv_heads)
    theirs.save_pretrained(tmp_path)
    model = weights.load(tmp_path, dtype=torch.float32)
    assert model.config == config
    ids = random_ids(5 * width, seed=width)
    expected = hugging_face_logits(theirs, ids)
    assert farthest(model.forward_full(torch.tensor([ids]))[0], expected) < 1e-4
    served = weights.load_served(tmp_path, dtype=torch.float32)
    for size in {1, 3, max(1, width - 1), width, width + 1, 4 * width, len(ids)}:
        assert farthest(in_chunks(served, ids, size), expected) < 1e-4, f"chunks of {size}"


@pytest.mark.parametrize(("n_heads", "n_kv_heads", "head_dim"), [(1, 1, 16), (8, 2, 4), (6, 3, 10)])
def test_logits_equal_transformers_for_other_heads(
    tmp_path: Path, n_heads: int, n_kv_heads: int, head_dim: int
) -> None:
    config = tiny_config(sliding_window=9, n_heads=n_heads, n_kv_heads=n_kv_heads, head_dim=head_dim)
    theirs, ids = hugging_face_model(config), random_ids(50)
    theirs.save_pretrained(tmp_path)
    expected = hugging_face_logits(theirs, ids)
    assert farthest(in_chunks(weights.load_served(tmp_path), ids, 4), expected) < 1e-4


SCALED = [
    (LinearScaling(4.0), 5e5, None),
    (Llama3Scaling(8.0, 1.0, 4.0, 64), 5e5, None),
    (YarnScaling(16.0, 32, attention_factor=1.277), 1e4, 40),
    (YarnScaling(4.0, 48, 16.0, 2.0, 0.8, truncate=False), 1e6, None),
    (Llama3Scaling(8.0, 1.0, 4.0, 64), 5e5, (64, None, 64)),
    (None, 1e6, (7, 7, None)),
]


@pytest.mark.parametrize(("scaling", "theta", "window"), SCALED)
def test_scaled_rope_and_mixed_windows_give_transformers_logits_beyond_the_original_length(
    tmp_path: Path, scaling: RopeScaling | None, theta: float, window: int | tuple[int | None, ...] | None
) -> None:
    config = tiny_config(sliding_window=window, n_layers=3, head_dim=16, rope_theta=theta)
    config = replace(config, rope_scaling=scaling)
    family: Family = "mistral" if window or scaling is None else "llama"
    theirs, ids = hugging_face_model(config, family), random_ids(300)
    theirs.save_pretrained(tmp_path)
    model, expected = weights.load(tmp_path), hugging_face_logits(theirs, ids)
    assert model.config == config
    assert farthest(model.forward_full(torch.tensor([ids]))[0], expected) < 1e-4
    served = weights.load_served(tmp_path)
    for size in (1, 7, 300):
        assert farthest(in_chunks(served, ids, size), expected) < 1e-4, f"chunks of {size}"
    cache = RingCache(config, n_slots=1, max_len=300, dtype=torch.float32)
    served.step([Chunk(0, 0, ids[:299])], cache)
    with torch.inference_mode():
        single = SingleTokens(packed_weights(served), is_fused=False)(
            torch.tensor([[ids[299], 0, 299]]), cache.rings, 300
        )
    assert farthest(single, expected[299:]) < 1e-4


def test_a_token_beyond_the_reach_of_all_layers_changes_nothing() -> None:
    # Two layers with W = 7: position 20 depends on positions 8 to 20 only.
    model, ids = random_model(tiny_config(sliding_window=7, n_layers=2)), random_ids(21)
    before = model.forward_full(torch.tensor([ids]))[0, 20]
    outside, inside = [*ids[:7], (ids[7] + 1) % 97, *ids[8:]], [*ids[:8], (ids[8] + 1) % 97, *ids[9:]]
    assert torch.equal(model.forward_full(torch.tensor([outside]))[0, 20], before)
    assert not torch.equal(model.forward_full(torch.tensor([inside]))[0, 20], before)
    served = model.served()
    assert farthest(in_chunks(served, outside, 4)[20], in_chunks(served, ids, 4)[20]) < 1e-6


@settings(max_examples=30, deadline=None, derandomize=True)
@given(
    window=st.sampled_from([None, 1, 2, 7, 13, (5, None), (3, 8)]),
    n_kv_heads=st.sampled_from([1, 2, 4]),
    by_onednn=st.booleans(),
    seed=st.integers(0, 2**32),
)
def test_sequences_that_join_and_leave_in_any_chunks_equal_a_run_without_a_cache(
    window: int | tuple[int | None, ...] | None, n_kv_heads: int, by_onednn: bool, seed: int
) -> None:
    rng = random.Random(seed)
    config = tiny_config(sliding_window=window, n_kv_heads=n_kv_heads)
    whole, model = random_model(config), served_model(config, by_onednn=by_onednn)
    cache = RingCache(config, n_slots=4, max_len=64, dtype=torch.float32)
    waiting = [random_ids(rng.randint(1, 64), seed=rng.randrange(2**32)) for _ in range(8)]
    running: dict[int, tuple[list[int], Tensor]] = {}  # the ids of the sequence in a slot, and its logits without cache
    worst = 0.0
    while waiting or running:
        for slot in set(range(4)) - running.keys():
            if waiting and rng.random() < 0.5:
                cache.reset(slot)
                ids = waiting.pop()
                running[slot] = ids, whole.forward_full(torch.tensor([ids]))[0]
        chunks = []
        for slot in rng.sample(sorted(running), rng.randint(0, len(running))):
            start = cache.lengths[slot]
            chunks.append(Chunk(slot, start, running[slot][0][start : start + rng.choice([1, 1, 1, 2, 5, 7, 8, 30])]))
        if not chunks:
            continue
        logits = model.step(chunks, cache, every_token=True)
        for chunk, got in zip(chunks, torch.split(logits, [len(c.ids) for c in chunks]), strict=True):
            ids, full = running[chunk.slot]
            worst = max(worst, farthest(got, full[chunk.start : chunk.start + len(chunk.ids)]))
            if cache.lengths[chunk.slot] == len(ids) or rng.random() < 0.05:
                del running[chunk.slot]
    assert worst < 1e-4


def test_a_step_returns_the_logits_of_the_last_token_of_each_chunk() -> None:
    model, chunks = served_model(tiny_config()), [Chunk(2, 0, [1, 2, 3]), Chunk(0, 0, [4])]
    caches = [RingCache(model.config, n_slots=3, max_len=9, dtype=torch.float32) for _ in range(2)]
    every = model.step(chunks, caches[0], every_token=True)
    assert every.shape == (4, 97)
    torch.testing.assert_close(model.step(chunks, caches[1]), every[[2, 3]])


def alone_and_in_a_crowd(
    config: ModelConfig, dtype: torch.dtype, *, by_onednn: bool
) -> tuple[list[Tensor], list[Tensor]]:
    """Return the logits of one long sampled answer: alone, and among five other sequences that come and go."""
    model = served_model(config, dtype=dtype, by_onednn=by_onednn)
    prompt, n_new, chunk = random_ids(45), 150, 16

    def run(n_slots: int, slot: int) -> list[Tensor]:
        rng, uniforms = random.Random(5), random.Random(6)
        cache = RingCache(config, n_slots=n_slots, max_len=600, dtype=dtype)
        ids, logits = list(prompt), list[Tensor]()
        while len(logits) < n_new:
            start = cache.lengths[slot]
            chunks = [Chunk(slot, start, ids[start : start + chunk])]
            for other in set(range(n_slots)) - {slot}:
                if cache.lengths[other] > 560 or rng.random() < 0.03:
                    cache.reset(other)
                elif rng.random() < 0.8:
                    n = rng.choice([1, 1, 1, 1, 5, 16])
                    chunks.append(Chunk(other, cache.lengths[other], [rng.randrange(97) for _ in range(n)]))
            rng.shuffle(chunks)
            out = model.step(chunks, cache)[next(i for i, c in enumerate(chunks) if c.slot == slot)]
            if cache.lengths[slot] == len(ids):
                logits.append(out)
                ids.append(int((out.softmax(-1).cumsum(-1) < uniforms.random()).sum().clamp(max=96)))
        return logits

    return run(1, 0), run(6, 3)


@pytest.mark.parametrize("window", [7, 64, None])
@pytest.mark.parametrize("by_onednn", [False, True])
def test_a_long_sampled_answer_is_the_same_alone_and_in_a_crowd(window: int | None, by_onednn: bool) -> None:
    alone, crowd = alone_and_in_a_crowd(tiny_config(sliding_window=window), torch.float32, by_onednn=by_onednn)
    assert all((a - b).abs().max() < 1e-5 * max(1.0, float(a.abs().max())) for a, b in zip(alone, crowd, strict=True))


@pytest.mark.parametrize("window", [7, 64, None])
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_logits_are_bit_equal_alone_and_in_a_crowd(window: int | None, dtype: torch.dtype) -> None:
    config = replace(tiny_config(sliding_window=window), hidden_dim=2048)
    alone, crowd = alone_and_in_a_crowd(config, dtype, by_onednn=True)
    assert all(torch.equal(a, b) for a, b in zip(alone, crowd, strict=True))


def test_bfloat16_stays_near_float32() -> None:
    config, ids = tiny_config(sliding_window=7), random_ids(30)
    exact = in_chunks(served_model(config), ids, 5).log_softmax(-1)
    model = served_model(config, dtype=torch.bfloat16)
    cache = RingCache(config, n_slots=1, max_len=30, dtype=torch.bfloat16)
    logits = model.step([Chunk(0, 0, ids)], cache, every_token=True)
    assert logits.dtype == torch.float32
    assert float((logits.log_softmax(-1) - exact).abs().mean()) < 0.1


def test_single_tokens_of_a_step_that_failed_in_its_head_can_be_run_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """A step that fails leaves the lengths unchanged; once they had grown, and every retry was refused."""
    model, ids = served_model(tiny_config(sliding_window=7)), random_ids(20)
    expected = in_chunks(model, ids, 1)[-1]
    cache = RingCache(model.config, n_slots=1, max_len=20, dtype=torch.float32)
    model.step([Chunk(0, 0, ids[:-1])], cache)
    with monkeypatch.context() as broken:
        broken.setattr(serving, "normalized", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            model.step([Chunk(0, 19, ids[-1:], by_torch=True)], cache)
    assert cache.lengths == [19]
    torch.testing.assert_close(model.step([Chunk(0, 19, ids[-1:])], cache)[0], expected)


def test_a_refused_step_changes_nothing() -> None:
    model = served_model(tiny_config())
    cache = RingCache(model.config, n_slots=2, max_len=9, dtype=torch.float32)
    with pytest.raises(ValueError, match="slot 1 starts at 4"):
        model.step([Chunk(0, 0, [1]), Chunk(1, 4, [1])], cache)
    assert cache.lengths == [0, 0]
    assert all(not ring.any() for ring in cache.rings)
