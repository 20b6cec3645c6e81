"""Compiled code that becomes ready while requests run: each request keeps the logits of its first backend."""

from dataclasses import replace

import pytest
import torch
from torch import Tensor

from inference.engine.engine import Engine
from inference.engine.request import Request, SamplingParams
from inference.model import serving
from inference.model.native.library import Backend, library
from inference.model.serving import ServedModel
from tests.inference.engine.builders import Letters, Recording, cache_for, finish
from tests.inference.model.builders import random_ids, served_model, tiny_config
from tests.inference.model.native.needs import needs_compiler

pytestmark = needs_compiler

MAX_LEN = 80


def engine_of(model: ServedModel, *, reuse: bool = False) -> tuple[Engine, Recording]:
    listening = Recording(model)
    cache = cache_for(model, n_slots=2, max_len=MAX_LEN)
    return Engine(
        listening, cache, Letters(), max_len=MAX_LEN, max_chunk=16, reuse=reuse, backend=lambda: model.backend
    ), listening


def request(first: int, *, n_tokens: int = 20, backend: Backend | None = None) -> Request:
    prompt = (first, *random_ids(30, seed=first))
    return Request(f"request {first}", prompt, SamplingParams(n_tokens, temperature=0), backend=backend)


def alone(model: ServedModel, asked: Request) -> list[Tensor]:
    engine, listening = engine_of(model)
    engine.add(asked)
    finish(engine)
    return listening.recorded[asked.prompt[0]]


@pytest.mark.parametrize("is_int8", [False, True])
@pytest.mark.parametrize("n_steps", [1, 6])
def test_a_running_request_keeps_its_backend_and_a_new_one_takes_the_new_backend(
    monkeypatch: pytest.MonkeyPatch, n_steps: int, is_int8: bool
) -> None:
    """After one step the first prompt is half read; after six its answer has begun."""
    model = served_model(tiny_config(sliding_window=40), int8=is_int8)
    old, new = request(5), request(6)
    by_torch = alone(model, replace(old, backend="torch"))
    natively = {asked.prompt[0]: alone(model, replace(asked, backend="native")) for asked in (old, new)}
    assert any(not torch.equal(one, other) for one, other in zip(by_torch, natively[5], strict=False))
    engine, listening = engine_of(model)
    with monkeypatch.context() as early:
        early.setattr(serving, "library", lambda: None)
        assert engine.backend == "torch"
        engine.add(old)
        for _ in range(n_steps):
            engine.step()
    assert (engine.backend, library() is not None) == ("native", True)
    engine.add(new)
    finish(engine)
    for recorded, expected in ((listening.recorded[5], by_torch), (listening.recorded[6], natively[6])):
        assert all(torch.equal(one, other) for one, other in zip(recorded, expected, strict=True))


def test_the_native_backend_continues_a_conversation_that_torch_began() -> None:
    model = served_model(tiny_config(sliding_window=40))
    longer = request(5, n_tokens=1, backend="native")
    longer = replace(longer, prompt=(*longer.prompt, *random_ids(9, seed=1)))
    expected = alone(model, longer)[-1]
    engine, listening = engine_of(model, reuse=True)
    engine.add(request(5, n_tokens=1, backend="torch"))
    finish(engine)
    engine.add(replace(longer, request_id="again"))
    events = finish(engine)["again"]
    assert events[-1].n_reused == len(longer.prompt) - 9
    torch.testing.assert_close(listening.recorded[5][-1], expected, atol=1e-4, rtol=0)
