"""Cached conversations that continue, compared with the full model without a cache.

Keys computed token by token differ from a prompt's in their last bits, so log-probabilities agree to a tolerance.
"""

import random

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from inference.engine.engine import Engine
from inference.engine.request import Event, Request, SamplingParams
from inference.model.cache import Chunk, RingCache
from inference.model.serving import ServedModel
from tests.inference.engine.builders import Letters, cache_for, finish, whole
from tests.inference.model.builders import random_ids, random_model, served_model, tiny_config

MAX_LEN = 120


def make_engine(model: ServedModel, *, n_slots: int = 2, max_chunk: int = 8, reuse: bool = True) -> Engine:
    cache = cache_for(model, n_slots=n_slots, max_len=MAX_LEN)
    return Engine(model, cache, Letters(), max_len=MAX_LEN, max_chunk=max_chunk, reuse=reuse)


def ask(engine: Engine, prompt: list[int], max_tokens: int = 6, seed: int = 0) -> Event:
    engine.add(Request("x", tuple(prompt), SamplingParams(max_tokens=max_tokens, n_logprobs=0, seed=seed)))
    return whole(finish(engine)["x"])


def farthest(model: ServedModel, prompt: list[int], answer: Event) -> float:
    """Compare with the log-probabilities of a run over the whole text without a cache."""
    ids = [*prompt, *answer.token_ids]
    expected = random_model(model.config).forward_full(torch.tensor([ids]))[0].log_softmax(-1)
    return max(
        abs(one.logprob - float(expected[len(prompt) + i - 1, one.token_id])) for i, one in enumerate(answer.logprobs)
    )


@settings(max_examples=40, deadline=None, derandomize=True)
@given(
    window=st.sampled_from([None, 1, 7, 30, (5, None), (7, 24)]),
    max_chunk=st.sampled_from([1, 5, 16]),
    seed=st.integers(0, 2**32),
)
def test_conversations_with_random_cuts_give_the_same_answers_as_fresh_runs(
    window: int | tuple[int | None, ...] | None, max_chunk: int, seed: int
) -> None:
    """Turns continue, start again, are edited in the middle and aborted, with fewer slots than conversations."""
    rng = random.Random(seed)
    model = served_model(tiny_config(sliding_window=window))
    engine = make_engine(model, n_slots=rng.randint(1, 3), max_chunk=max_chunk)
    texts: list[list[int]] = [[] for _ in range(4)]
    requests: dict[str, tuple[int, list[int]]] = {}
    events: dict[str, list[Event]] = {}
    for turn in range(14):
        which = rng.randrange(4)
        if str(which) not in engine.request_ids:
            text = texts[which]
            if rng.random() < 0.3:
                del text[rng.randint(0, len(text)) :]
            prompt = [*text, *random_ids(rng.randint(1, 14), seed=seed + turn)][: MAX_LEN - 12]
            requests[str(which)], events[str(which)] = (which, prompt), []
            params = SamplingParams(max_tokens=rng.randint(1, 12), n_logprobs=0, seed=turn)
            engine.add(Request(str(which), tuple(prompt), params))
        if rng.random() < 0.15:
            engine.abort(str(rng.randrange(4)))
        for _ in range(rng.randint(1, 20)):
            for event in engine.step():
                events[event.request_id].append(event)
                if event.finish_reason is not None:
                    which, prompt = requests[event.request_id]
                    answer = whole(events[event.request_id])
                    assert answer.n_reused < len(prompt)
                    assert farthest(model, prompt, answer) < 1e-4
                    texts[which] = [*prompt, *answer.token_ids]
    stats = engine.stats
    assert stats.reused_tokens < stats.prompt_tokens


def test_a_second_turn_computes_only_its_new_tokens() -> None:
    model, engine = served_model(tiny_config(sliding_window=None)), None
    engine = make_engine(model)
    prompt = random_ids(20)
    first = ask(engine, prompt, max_tokens=6)
    assert first.n_reused == 0
    text = [*prompt, *first.token_ids]
    second = ask(engine, [*text, 5, 6, 7])
    assert second.n_reused == len(text) - 1, "the last token was sampled, and never read"
    edited = ask(engine, [*text[:15], 9, 9])
    assert edited.n_reused == 15
    assert engine.stats.reused_tokens == len(text) - 1 + 15


def test_a_conversation_longer_than_the_window_can_continue_but_not_be_edited() -> None:
    model = served_model(tiny_config(sliding_window=7))
    engine, prompt = make_engine(model, n_slots=1), random_ids(20)
    text = [*prompt, *ask(engine, prompt).token_ids]
    assert ask(engine, [*text, 5, 6]).n_reused == len(text) - 1
    assert ask(engine, [*text[:15], 5, 6]).n_reused == 0, "what token 15 sees has left the ring"


def test_without_reuse_the_logits_of_a_second_turn_are_those_of_a_first_bit_for_bit() -> None:
    model, prompt = served_model(tiny_config()), random_ids(30)
    engine = make_engine(model, reuse=False)
    ask(engine, prompt[:12])
    again, fresh = ask(engine, prompt), ask(make_engine(model, reuse=False), prompt)
    assert again.n_reused == 0
    assert again.logprobs == fresh.logprobs


def test_a_request_for_prompt_log_probabilities_reuses_nothing() -> None:
    engine, prompt = make_engine(served_model(tiny_config())), random_ids(30)
    ask(engine, prompt)
    engine.add(Request("x", tuple(prompt), SamplingParams(max_tokens=0, prompt_logprobs=0)))
    answer = whole(finish(engine)["x"])
    assert answer.n_reused == 0
    assert answer.prompt_logprobs is not None
    assert len(answer.prompt_logprobs) == 30


def test_a_request_that_failed_leaves_nothing_behind() -> None:
    trainable = random_model(tiny_config(sliding_window=None))
    model = trainable.served()
    engine, prompt = make_engine(model, n_slots=1), random_ids(20)
    engine.add(Request("bad", tuple(prompt), SamplingParams(max_tokens=5)))
    healthy = trainable.norm.weight.clone()  # the served model shares it
    with torch.no_grad():
        trainable.norm.weight.fill_(float("nan"))
    assert finish(engine)["bad"][-1].finish_reason == "error"
    with torch.no_grad():
        trainable.norm.weight.copy_(healthy)
    answer = ask(engine, prompt)
    assert answer.n_reused == 0
    assert farthest(model, prompt, answer) < 1e-4


class Breaking:
    """A model whose step fails, after it has written its keys, when a chunk has the token 4."""

    def __init__(self, model: ServedModel) -> None:
        self.model = model

    def step(self, chunks: list[Chunk], cache: RingCache, *, every_token: bool = False) -> Tensor:
        lengths = list(cache.lengths)
        logits = self.model.step(chunks, cache, every_token=every_token)
        if any(4 in chunk.ids for chunk in chunks):
            cache.lengths[:] = lengths
            raise RuntimeError("out of memory")
        return logits


def test_a_step_that_fails_with_nan_in_the_cache_leaves_nothing_behind() -> None:
    """The next request in the slot would see them through any mask, because 0 times NaN is NaN."""

    class Poisoning(Breaking):
        def step(self, chunks: list[Chunk], cache: RingCache, *, every_token: bool = False) -> Tensor:
            for chunk in chunks:
                if 4 in chunk.ids:
                    cache.rings[0][0, chunk.slot].fill_(float("nan"))
            return super().step(chunks, cache, every_token=every_token)

    model, prompt = served_model(tiny_config(sliding_window=None)), [5, 6, 7, 8, 9]
    cache = cache_for(model, n_slots=1, max_len=MAX_LEN)
    engine = Engine(Poisoning(model), cache, Letters(), max_len=MAX_LEN, max_chunk=3)
    engine.add(Request("bad", (5, 6, 7, 4), SamplingParams(max_tokens=2)))
    assert finish(engine)["bad"][-1].finish_reason == "error"
    answer = ask(engine, prompt)
    assert answer.finish_reason == "length"
    assert farthest(model, prompt, answer) < 1e-4


@pytest.mark.parametrize("window", [None, 24])
def test_a_continued_turn_beside_a_failing_request_gives_the_same_answer(window: int | None) -> None:
    model = served_model(tiny_config(sliding_window=window))
    cache = cache_for(model, n_slots=3, max_len=MAX_LEN)
    engine = Engine(Breaking(model), cache, Letters(), max_len=MAX_LEN, max_chunk=8, budget=40)
    prompt = [5, *(token for token in random_ids(20) if token != 4)]
    text = [*prompt, *ask(engine, prompt, seed=3).token_ids]
    assert 4 not in text
    engine.add(Request("bad", (6, 7, 4), SamplingParams(max_tokens=2)))
    engine.add(Request("scored", (6, 7, 8, 9), SamplingParams(max_tokens=0, prompt_logprobs=0)))
    answer = ask(engine, [*text, *[8] * 9], seed=3)
    assert engine.stats.ended == {"length": 3, "error": 1}
    assert answer.n_reused == len(text) - 1
    assert farthest(model, [*text, *[8] * 9], answer) < 1e-4


@pytest.mark.parametrize("n_slots", [1, 3])
def test_resizing_keeps_cached_conversations(n_slots: int) -> None:
    model = served_model(tiny_config(sliding_window=30))
    engine, prompt = make_engine(model, n_slots=2), random_ids(15)
    text = [*prompt, *ask(engine, prompt).token_ids]
    engine.resize(n_slots)
    assert (engine.n_slots, engine.stats.cache_bytes) == (
        n_slots,
        cache_for(model, n_slots=n_slots, max_len=120).n_bytes,
    )
    answer = ask(engine, [*text, 5, 6])
    assert answer.n_reused == len(text) - 1
    assert farthest(model, [*text, 5, 6], answer) < 1e-4
