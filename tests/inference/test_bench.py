"""The figures of `bench`, with a table for a model and a counter for a clock."""

from pathlib import Path

import pytest
import torch

from inference.bench import Figures, as_json, endless, measure, random_prompts, table, time_answers, token_times
from inference.engine.engine import Engine
from inference.engine.request import Request, SamplingParams
from inference.model.cache import Chunk, RingCache
from inference.model.checkpoint.weights import load_served
from inference.model.serving import ServedModel
from inference.text.folder import open_tokenizer
from inference.text.tokenizer import Tokenizer
from tests.fakes import write_model_folder


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("model")
    write_model_folder(path)
    return path


@pytest.fixture(scope="module")
def model(path: Path) -> ServedModel:
    return load_served(path)


@pytest.fixture(scope="module")
def tokenizer(path: Path) -> Tokenizer:
    return open_tokenizer(path)


def cache(model: ServedModel, n_slots: int, max_len: int) -> RingCache:
    return RingCache(model.config, n_slots=n_slots, max_len=max_len, dtype=torch.float32)


class OnlyEos:
    """A model that always ends."""

    def __init__(self, model: ServedModel) -> None:
        self.config = model.config

    def step(self, chunks: list[Chunk], cache: RingCache, *, every_token: bool = False) -> torch.Tensor:
        for chunk in chunks:
            cache.lengths[chunk.slot] += len(chunk.ids)
        logits = torch.zeros(len(chunks), self.config.vocab_size)
        logits[:, 2] = 1.0
        return logits


def test_prompts_are_the_same_for_a_seed_and_have_no_eos() -> None:
    prompts = random_prompts(3, 500, 10, seed=1)
    assert [len(prompt) for prompt in prompts] == [500] * 3
    assert {token for prompt in prompts for token in prompt} == set(range(3, 10))
    assert prompts == random_prompts(3, 500, 10, seed=1) != random_prompts(3, 500, 10, seed=2)
    assert len(set(prompts)) == 3


def test_no_token_ends_an_endless_answer(model: ServedModel, tokenizer: Tokenizer) -> None:
    request = Request("one", (5, 6), SamplingParams(7, temperature=0.0))
    lengths = []
    for kind in (tokenizer, endless(tokenizer)):
        engine = Engine(OnlyEos(model), cache(model, 1, 20), kind, max_len=20)
        engine.add(request)
        events = [event for _ in range(9) for event in engine.step()]
        lengths.append(events[-1].n_output)
    assert lengths == [1, 7]
    assert tokenizer.eos_id == 2


@pytest.mark.parametrize("batch", [1, 3])
def test_every_token_after_the_first_is_timed(model: ServedModel, tokenizer: Tokenizer, batch: int) -> None:
    engine = Engine(model, cache(model, batch, 64), tokenizer, max_len=64)
    timing = time_answers(engine, random_prompts(batch, 40, tokenizer.vocab_size, 0), 6)
    assert timing.prefill_s > 0
    assert timing.decode_s > 0
    assert timing.n_decoded == 5 * batch
    assert not engine.has_work


def test_every_sequence_has_its_times_in_order(model: ServedModel, tokenizer: Tokenizer) -> None:
    engine = Engine(model, cache(model, 2, 64), tokenizer, max_len=64)
    times = token_times(engine, random_prompts(3, 40, tokenizer.vocab_size, 0), 4)
    assert [len(one) for one in times] == [4, 4, 4]
    assert all(one == sorted(one) for one in times)
    assert times[2][0] > times[1][-1]  # it waited for a slot


def test_one_token_is_too_few_to_time(model: ServedModel, tokenizer: Tokenizer) -> None:
    engine = Engine(model, cache(model, 1, 64), tokenizer, max_len=64)
    with pytest.raises(ValueError, match="1 tokens to generate; at least 2"):
        time_answers(engine, [(5,)], 1)


def test_a_model_that_fails_gives_no_figures(model: ServedModel, tokenizer: Tokenizer) -> None:
    class Broken(OnlyEos):
        def step(self, chunks: list[Chunk], cache: RingCache, *, every_token: bool = False) -> torch.Tensor:
            return super().step(chunks, cache) * float("nan")

    engine = Engine(Broken(model), cache(model, 1, 64), tokenizer, max_len=64)
    with pytest.raises(RuntimeError, match="the model failed"):
        token_times(engine, [(5,)], 2)


def test_rates_follow_from_the_times(model: ServedModel, tokenizer: Tokenizer) -> None:
    figures = measure(model, cache(model, 2, 60), tokenizer, max_chunk=16, prompt=40, tokens=5, rounds=1)
    assert (figures.batch, figures.prompt, figures.tokens) == (2, 40, 5)
    assert figures.prefill_tok_s == pytest.approx(2 * 40 / (figures.first_token_ms / 1e3))
    assert figures.decode_tok_s == pytest.approx(2 / (figures.step_ms / 1e3))
    assert figures.cache_mib == pytest.approx(
        2 * 2 * 24 * 2 * 8 * 2 * 4 / 2**20
    )  # slots, layers, W, heads, dim, k and v


def test_table_and_json_agree() -> None:
    figures = [Figures(8, 512, 128, 1234.567, 3317.8, 98.7654, 81.0, 176.5)]
    heading, row = table(figures).splitlines()
    assert len(heading) == len(row)
    assert row.split() == ["8", "512", "1235", "3317.8", "98.8", "81.00", "176.5"]
    assert as_json(figures)[0] == {
        "batch": 8,
        "prompt": 512,
        "tokens": 128,
        "prefill_tok_s": 1235.0,
        "first_token_ms": 3318.0,
        "decode_tok_s": 98.77,
        "step_ms": 81.0,
        "cache_mib": 176.5,
    }
