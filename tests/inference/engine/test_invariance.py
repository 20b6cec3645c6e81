"""The logits of a request have the same bits alone, in a crowd, and after any order of joins and leaves.

Tests compare logits, not text, because tokens can agree where last bits do not. All runs have the same number of
threads, and no slot is reused, because keys computed token by token differ from a prompt's in their last bits.
"""

import random
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from inference.engine.engine import Engine
from inference.engine.request import Request, SamplingParams
from inference.model.serving import ServedModel
from tests.inference.engine.builders import Letters, Recording, cache_for, finish
from tests.inference.model.builders import random_ids, served_model, tiny_config

KINDS = [(dtype, by_onednn) for dtype in (torch.float32, torch.bfloat16) for by_onednn in (False, True)]


@contextmanager
def threads(n: int) -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(n)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def listen(model: ServedModel, *, n_slots: int, max_len: int, max_chunk: int) -> tuple[Engine, Recording]:
    listening, cache = Recording(model), cache_for(model, n_slots=n_slots, max_len=max_len)
    return Engine(listening, cache, Letters(), max_len=max_len, max_chunk=max_chunk, reuse=False), listening


def check(model: ServedModel, requests: list[Request], rng: random.Random, *, max_len: int, max_chunk: int) -> None:
    """Run every request alone, then all in a random crowd in which others are aborted, and compare the logits."""
    alone: dict[int, list[Tensor]] = {}
    for request in requests:
        engine, listening = listen(model, n_slots=1, max_len=max_len, max_chunk=max_chunk)
        engine.add(request)
        finish(engine)
        alone |= listening.recorded
    engine, listening = listen(model, n_slots=rng.randint(2, 5), max_len=max_len, max_chunk=max_chunk)
    waiting = requests + [
        Request(f"victim{i}", (90 + i, *requests[i].prompt[1:]), requests[i].params) for i in range(len(requests) // 2)
    ]
    rng.shuffle(waiting)
    while waiting or engine.has_work:
        if waiting and rng.random() < 0.3:
            engine.add(waiting.pop())
        if rng.random() < 0.1:
            engine.abort(f"victim{rng.randrange(len(requests))}")
        engine.step()
    for name, logits in alone.items():
        for at, (one, other) in enumerate(zip(logits, listening.recorded[name], strict=True)):
            assert torch.equal(one, other), f"step {at} of request {name}, by {(one - other).abs().max()}"


@pytest.mark.parametrize(("dtype", "by_onednn"), KINDS)
@settings(max_examples=12, deadline=None, derandomize=True)
@given(
    window=st.sampled_from([None, 1, 7, 24, (5, None)]),
    n_kv_heads=st.sampled_from([1, 2, 4]),
    max_chunk=st.sampled_from([1, 5, 16]),
    seed=st.integers(0, 2**32),
)
def test_logits_are_the_same_bits_alone_and_in_any_crowd(
    dtype: torch.dtype, by_onednn: bool, window: int | None, n_kv_heads: int, max_chunk: int, seed: int
) -> None:
    rng = random.Random(seed)
    model = served_model(tiny_config(sliding_window=window, n_kv_heads=n_kv_heads), dtype=dtype, by_onednn=by_onednn)
    requests = [
        Request(
            f"r{i}",
            (10 + i, *random_ids(rng.choice([0, 1, max_chunk - 1, max_chunk, rng.randint(2, 40)]), seed=seed + i)),
            SamplingParams(max_tokens=rng.randint(1, 12), seed=i),
        )
        for i in range(rng.randint(2, 6))
    ]
    check(model, requests, rng, max_len=64, max_chunk=max_chunk)


@pytest.mark.parametrize(("dtype", "by_onednn"), KINDS)
def test_logits_are_the_same_bits_beside_longer_and_shorter_texts(dtype: torch.dtype, by_onednn: bool) -> None:
    """Keys of several lengths are then read up to the longest. Heads and chunks are as in served models."""
    config = tiny_config(sliding_window=(700, None), n_heads=4, n_kv_heads=2, head_dim=32, max_seq_len=1200)
    model = served_model(config, dtype=dtype, by_onednn=by_onednn)
    requests = [
        Request(f"r{i}", (10 + i, *random_ids(n, seed=i)), SamplingParams(max_tokens=24, seed=i))
        for i, n in enumerate((3, 40, 505, 530, 690, 1030))
    ]
    check(model, requests, random.Random(5), max_len=1200, max_chunk=128)


@pytest.mark.parametrize(("dtype", "by_onednn"), KINDS)
def test_logits_are_the_same_bits_on_two_threads(dtype: torch.dtype, by_onednn: bool) -> None:
    """The matrix library then splits the rows of a float32 product, and uses another method for few rows."""
    model = served_model(tiny_config(sliding_window=24, n_layers=1), dtype=dtype, by_onednn=by_onednn)
    requests = [
        Request(f"r{i}", (10 + i, *random_ids(n, seed=i)), SamplingParams(max_tokens=3, seed=i))
        for i, n in enumerate((0, 2, 5, 6, 8))
    ]
    with threads(2):
        check(model, requests, random.Random(7), max_len=16, max_chunk=9)
