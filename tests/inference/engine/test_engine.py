"""The engine with a two-layer model of random weights, and with a scripted model.

Random weights give nearly flat distributions, so a sampled answer of some hundred tokens differs at once if the cache,
the chunks or the draws of one request depend on another.
"""

import random
from collections.abc import Sequence
from pathlib import Path

import pytest
import torch
from torch import Tensor

from inference.engine.engine import Engine
from inference.engine.metrics import EngineStats
from inference.engine.request import ContextLengthError, Event, Request, SamplingParams
from inference.engine.sampling.draw import Draw, sample, uniforms
from inference.model.cache import Chunk, RingCache
from inference.model.checkpoint import weights
from inference.model.config import ModelConfig
from inference.model.serving import ServedModel
from inference.model.transformer import Transformer
from inference.text.folder import open_tokenizer
from inference.text.tokenizer import Tokenizer
from tests.fakes import write_model_folder
from tests.inference.engine.builders import Letters, finish

MAX_LEN = 400


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("model")
    write_model_folder(folder)
    return folder


@pytest.fixture(scope="module")
def model(folder: Path) -> ServedModel:
    return weights.load_served(folder)


@pytest.fixture(scope="module")
def reference(folder: Path) -> Transformer:
    """The same weights, without a cache."""
    return weights.load(folder)


@pytest.fixture(scope="module")
def tokenizer(folder: Path) -> Tokenizer:
    return open_tokenizer(folder)


def make_cache(config: ModelConfig, n_slots: int) -> RingCache:
    return RingCache(config, n_slots=n_slots, max_len=MAX_LEN, dtype=torch.float32)


def make_engine(model: ServedModel, tokenizer: Tokenizer, *, n_slots: int = 4, max_chunk: int = 16) -> Engine:
    return Engine(model, make_cache(model.config, n_slots), tokenizer, max_len=MAX_LEN, max_chunk=max_chunk)


def request(name: str, prompt: Sequence[int], **params: object) -> Request:
    defaults: dict[str, object] = {"max_tokens": 40, "seed": len(name)}
    return Request(name, tuple(prompt), SamplingParams(**{**defaults, **params}))  # type: ignore[arg-type]


def text(events: list[Event]) -> str:
    return "".join(event.text for event in events)


def crowd(tokenizer: Tokenizer, n: int, seed: int) -> list[Request]:
    """Sampled requests of all lengths; prompts up to several chunks and windows."""
    rng = random.Random(seed)
    return [
        Request(
            f"r{i}",
            tuple(rng.randrange(5, tokenizer.vocab_size) for _ in range(rng.choice([1, 2, 15, 16, 17, 60, 130]))),
            SamplingParams(
                max_tokens=rng.randrange(1, 250),
                temperature=rng.choice([0.0, 0.7, 1.0, 1.5]),
                top_p=rng.choice([1.0, 0.9]),
                seed=rng.randrange(2**63),
            ),
        )
        for i in range(n)
    ]


def test_a_request_gives_the_same_tokens_in_a_crowd_and_alone(model: ServedModel, tokenizer: Tokenizer) -> None:
    requests = crowd(tokenizer, 24, seed=1)
    alone: dict[str, list[Event]] = {}
    for one in requests:
        engine = make_engine(model, tokenizer, n_slots=1)
        engine.add(one)
        alone |= finish(engine)
    engine, rng, waiting = make_engine(model, tokenizer, n_slots=7), random.Random(2), list(requests)
    together: dict[str, list[Event]] = {}
    victims = [Request(f"victim{i}", one.prompt, one.params) for i, one in enumerate(crowd(tokenizer, 12, seed=3))]
    while waiting or engine.has_work:
        if waiting and rng.random() < 0.1:
            engine.add(waiting.pop())
        if victims and victims[-1].request_id not in engine.request_ids and rng.random() < 0.05:
            engine.add(victims[-1])
        if victims and rng.random() < 0.05:
            engine.abort(victims.pop().request_id)
        for event in engine.step():
            together.setdefault(event.request_id, []).append(event)
    assert sum(map(len, alone.values())) > 2000, "long answers"
    assert {name: events for name, events in together.items() if name in alone} == alone


@pytest.mark.parametrize("temperature", [0.0, 1.0])
def test_an_answer_equals_that_of_the_full_model_without_a_cache(
    model: ServedModel, reference: Transformer, tokenizer: Tokenizer, temperature: float
) -> None:
    prompt, n = tokenizer.encode("the quick brown fox jumps over the lazy dog"), 80
    engine = make_engine(model, tokenizer, max_chunk=7)
    engine.add(request("x", prompt, max_tokens=n, temperature=temperature, seed=9))
    answer = text(finish(engine)["x"])
    ids, stream, output = list(prompt), uniforms(9), []
    for _ in range(n):
        row = Draw(temperature, 1.0, next(stream))
        (token,) = sample(reference.forward_full(torch.tensor([ids]))[:, -1], [row])
        assert token is not None
        if token == tokenizer.eos_id:
            break
        ids.append(token)
        output.append(token)
    assert answer == tokenizer.decode(output)


def test_the_same_requests_give_the_same_events(model: ServedModel, tokenizer: Tokenizer) -> None:
    runs = []
    for _ in range(2):
        engine = make_engine(model, tokenizer)
        for one in crowd(tokenizer, 6, seed=4):
            engine.add(one)
        runs.append(finish(engine))
    assert runs[0] == runs[1]


class Parrot:
    """A model that answers `script`, token by token, to any prompt of one token."""

    def __init__(self, script: list[int], n_vocab: int) -> None:
        self.script, self.n_vocab = script, n_vocab

    def step(self, chunks: Sequence[Chunk], cache: RingCache, *, every_token: bool = False) -> Tensor:
        logits = torch.zeros(len(chunks), self.n_vocab)
        for row, chunk in enumerate(chunks):
            logits[row, self.script[chunk.start + len(chunk.ids) - 1]] = 50.0
        return logits


def say(model: ServedModel, tokenizer: Tokenizer, script: list[int], **params: object) -> list[Event]:
    parrot = Parrot(script, tokenizer.vocab_size + 3)
    engine = Engine(parrot, make_cache(model.config, 1), tokenizer, max_len=MAX_LEN)
    engine.add(request("x", [tokenizer.bos_id], temperature=0.0, **params))
    return finish(engine)["x"]


def test_the_end_of_sequence_token_ends_an_answer_and_has_no_text(model: ServedModel, tokenizer: Tokenizer) -> None:
    events = say(model, tokenizer, [*tokenizer.encode("fox"), tokenizer.eos_id])
    assert (text(events), events[-1].finish_reason) == ("fox", "stop")
    assert events[-1].n_output == len(tokenizer.encode("fox")) + 1


def test_max_tokens_ends_an_answer(model: ServedModel, tokenizer: Tokenizer) -> None:
    events = say(model, tokenizer, tokenizer.encode("0123456789"), max_tokens=5)
    assert (text(events), events[-1].finish_reason, events[-1].n_output) == ("0123", "length", 5)


def test_a_character_is_complete_or_a_replacement_mark_at_the_end(model: ServedModel, tokenizer: Tokenizer) -> None:
    script = tokenizer.encode("a한글")
    events = say(model, tokenizer, [*script, tokenizer.eos_id])
    assert [event.text for event in events if event.text] == ["a", "한", "글"]
    events = say(model, tokenizer, script, max_tokens=len(script) - 1)
    assert text(events) == "a한\ufffd"
    assert [event.text for event in events][:-1].count("\ufffd") == 0


def test_a_stop_string_across_several_tokens_ends_an_answer_before_it(model: ServedModel, tokenizer: Tokenizer) -> None:
    script = [*tokenizer.encode("fox: 012 345"), tokenizer.eos_id]
    events = say(model, tokenizer, script, stop=("12 3", "999"))
    assert (text(events), events[-1].finish_reason) == ("fox: 0", "stop")
    assert events[-1].n_output < len(script), "it stops where the string is complete"


def test_text_held_back_for_a_stop_string_is_released_at_the_end(model: ServedModel, tokenizer: Tokenizer) -> None:
    for script, limit in (([*tokenizer.encode("01"), tokenizer.eos_id], 9), (tokenizer.encode("01"), 3)):
        assert text(say(model, tokenizer, script, stop=("12",), max_tokens=limit)) == "01"


def test_a_mark_for_half_a_character_may_complete_a_stop_string(model: ServedModel, tokenizer: Tokenizer) -> None:
    script = [*tokenizer.encode("a한")[:-1], tokenizer.eos_id]
    events = say(model, tokenizer, script, stop=("\ufffd",))
    assert (text(events), events[-1].finish_reason) == ("a", "stop")


def test_ids_beyond_the_tokenizer_are_never_drawn(model: ServedModel, tokenizer: Tokenizer) -> None:
    beyond = tokenizer.vocab_size + 1
    assert say(model, tokenizer, [beyond] * 9, max_tokens=9)[-1].n_output == 9


def test_an_aborted_request_frees_its_slot_before_the_next_step(model: ServedModel, tokenizer: Tokenizer) -> None:
    engine = make_engine(model, tokenizer, n_slots=1)
    engine.add(request("first", [5, 6], max_tokens=300))
    engine.add(request("next", [7], max_tokens=3))
    for _ in range(5):
        engine.step()
    engine.abort("first")
    assert [event.request_id for event in engine.step()] == ["next"]
    engine.abort("first")
    engine.abort("nobody")
    assert set(finish(engine)) == {"next"}
    assert engine.stats.n_running == 0


class Flaky:
    """A real model whose step fails, after it has written its keys, when a prompt has the token `poison`.

    `seen` has the logits of the last chunk of each step, by the position after it.
    """

    def __init__(self, model: ServedModel, poison: int) -> None:
        self.model, self.poison = model, poison
        self.seen: dict[int, Tensor] = {}

    def step(self, chunks: Sequence[Chunk], cache: RingCache, *, every_token: bool = False) -> Tensor:
        lengths = list(cache.lengths)
        logits = self.model.step(chunks, cache, every_token=every_token)
        if any(self.poison in chunk.ids for chunk in chunks if len(chunk.ids) > 1):
            cache.lengths[:] = lengths
            raise RuntimeError("out of memory")
        self.seen[chunks[-1].start + len(chunks[-1].ids)] = logits[-1]
        return logits


def test_a_request_that_breaks_the_model_ends_alone(
    model: ServedModel, tokenizer: Tokenizer, caplog: pytest.LogCaptureFixture
) -> None:
    """The poison is in the third chunk of a prompt, while others decode and read prompts, which must not change."""
    poison, rng = 4, random.Random(6)
    good = [request(f"good{i}", [rng.randrange(5, 300) for _ in range(30 * i + 1)], max_tokens=60) for i in range(4)]
    expected = make_engine(model, tokenizer)
    for one in good:
        expected.add(one)
    engine = Engine(Flaky(model, poison), make_cache(model.config, 5), tokenizer, max_len=MAX_LEN, max_chunk=16)
    engine.add(good[0])
    engine.add(request("bad", [5] * 40 + [poison]))
    for one in good[1:]:
        engine.add(one)
    events = finish(engine)
    (bad,) = events.pop("bad")
    assert (bad.finish_reason, bad.error) == ("error", "the model failed: RuntimeError")
    assert {name: text(some) for name, some in events.items()} == {
        name: text(some) for name, some in finish(expected).items()
    }
    assert "request bad failed" in caplog.text
    assert engine.stats.n_running == 0


def test_a_chunk_beside_a_failing_one_reads_its_prompt_again(model: ServedModel, tokenizer: Tokenizer) -> None:
    """The last chunks (2 and 14 tokens) share a step that fails after it has written its keys. The window is 24, and 32
    tokens came before, so the 14 have overwritten keys that they must see.
    """
    rng, seen = random.Random(8), []
    good = request("good", [rng.randrange(5, 300) for _ in range(46)], max_tokens=1)
    for others in ([request("bad", [5] * 33 + [4])], []):
        flaky = Flaky(model, poison=4)
        engine = Engine(flaky, make_cache(model.config, 2), tokenizer, max_len=MAX_LEN, max_chunk=16)
        for one in (*others, good):
            engine.add(one)
        errors = [event.error for events in finish(engine).values() for event in events if event.error]
        assert errors == ["the model failed: RuntimeError"] * len(others)
        seen.append(flaky.seen[46])
    torch.testing.assert_close(seen[0], seen[1], rtol=0, atol=1e-5)


def test_logits_that_are_not_finite_end_their_request_alone(model: ServedModel, tokenizer: Tokenizer) -> None:
    class Broken(Parrot):
        def step(self, chunks: Sequence[Chunk], cache: RingCache, *, every_token: bool = False) -> Tensor:
            logits = super().step(chunks, cache, every_token=every_token)
            for row, chunk in enumerate(chunks):
                if chunk.slot == 0 and chunk.start == 2:
                    logits[row] = float("nan")
            return logits

    engine = Engine(Broken([9] * 9, tokenizer.vocab_size), make_cache(model.config, 2), tokenizer, max_len=MAX_LEN)
    engine.add(request("bad", [5], max_tokens=6))
    engine.add(request("good", [5], max_tokens=6))
    events = finish(engine)
    assert (events["bad"][-1].finish_reason, events["bad"][-1].error) == (
        "error",
        "the model failed: its logits are not finite",
    )
    assert events["good"][-1].finish_reason == "length"


def test_requests_that_cannot_run_are_refused(model: ServedModel, tokenizer: Tokenizer) -> None:
    engine = make_engine(model, tokenizer)
    with pytest.raises(ContextLengthError, match="is 400 tokens; the prompt has 390 and max_tokens is 11"):
        engine.add(request("x", [5] * 390, max_tokens=11))
    with pytest.raises(ValueError, match="the prompt has no tokens"):
        engine.add(request("x", []))
    with pytest.raises(ValueError, match=f"token 1 is {tokenizer.vocab_size}; an id from 0 to"):
        engine.add(request("x", [5, tokenizer.vocab_size]))
    engine.add(request("x", [5]))
    with pytest.raises(ValueError, match="request x is already running"):
        engine.add(request("x", [5]))


def test_a_request_may_fill_the_context_to_the_last_token(model: ServedModel, tokenizer: Tokenizer) -> None:
    engine = make_engine(model, tokenizer)
    engine.add(request("x", [5] * 390, max_tokens=10))
    assert finish(engine)["x"][-1].n_output <= 10


def test_a_prompt_that_is_only_scored_ends_with_its_log_probabilities(
    model: ServedModel, reference: Transformer, tokenizer: Tokenizer
) -> None:
    """The prompt has several chunks, beside requests of every other kind."""
    prompt = [tokenizer.bos_id, *tokenizer.encode("the quick brown fox jumps over the lazy dog") * 6]
    full = reference.forward_full(torch.tensor([prompt]))[0, :, : tokenizer.vocab_size].log_softmax(-1)
    engine = make_engine(model, tokenizer, max_chunk=16)
    for one in crowd(tokenizer, 3, seed=5):
        engine.add(one)
    engine.add(request("scored", prompt, max_tokens=0, prompt_logprobs=2))
    engine.add(request("one token", prompt[:1], max_tokens=0, prompt_logprobs=0))
    engine.add(request("echo", prompt, max_tokens=3, prompt_logprobs=0, n_logprobs=1, temperature=0.0))
    events = finish(engine)
    (scored,) = events["scored"]
    assert (scored.text, scored.n_output, scored.finish_reason, scored.token_ids) == ("", 0, "length", ())
    assert scored.prompt_logprobs is not None
    assert len(scored.prompt_logprobs) == len(prompt) > 3 * 16
    assert scored.prompt_logprobs[0] is None
    for at, score in enumerate(scored.prompt_logprobs[1:]):
        assert score is not None
        assert score.token_id == prompt[at + 1]
        assert score.logprob == pytest.approx(float(full[at, score.token_id]), abs=1e-4)
        assert [token for token, _ in score.top] == full[at].topk(2).indices.tolist()
    assert events["one token"][0].prompt_logprobs == (None,)
    first, *rest = events["echo"]
    assert first.prompt_logprobs is not None
    assert [score.logprob for score in first.prompt_logprobs if score] == pytest.approx(
        [score.logprob for score in scored.prompt_logprobs if score], abs=1e-5
    )
    assert all(event.prompt_logprobs is None for event in rest), "they come once"
    for event in (first, *rest):
        (token,), (logprob,) = event.token_ids, event.logprobs
        assert logprob.top == ((token, logprob.logprob),), "greedy: the likeliest, with one float"


def test_log_probabilities_are_those_before_temperature_and_penalties(
    model: ServedModel, reference: Transformer, tokenizer: Tokenizer
) -> None:
    engine = make_engine(model, tokenizer)
    prompt = [tokenizer.bos_id, *tokenizer.encode("fox")]
    engine.add(
        request("x", prompt, max_tokens=12, temperature=0.6, top_k=5, repetition_penalty=1.5, n_logprobs=3, seed=3)
    )
    engine.add(request("y", prompt, max_tokens=12))
    events = finish(engine)
    ids = list(prompt)
    for event in events["x"]:
        expected = reference.forward_full(torch.tensor([ids]))[0, -1, : tokenizer.vocab_size].log_softmax(-1)
        (logprob,) = event.logprobs
        assert event.token_ids == (logprob.token_id,)
        assert logprob.logprob == pytest.approx(float(expected[logprob.token_id]), abs=1e-4)
        assert [token for token, _ in logprob.top] == expected.topk(3).indices.tolist()
        ids += event.token_ids
    assert all(event.logprobs == () for event in events["y"])


def test_penalties_keep_a_parrot_from_repeating_itself(model: ServedModel, tokenizer: Tokenizer) -> None:
    """It would repeat one token forever; a presence penalty of 2 outweighs a lead of 1 once."""

    class Insistent(Parrot):
        def step(self, chunks: Sequence[Chunk], cache: RingCache, *, every_token: bool = False) -> Tensor:
            return super().step(chunks, cache) / 50 * torch.linspace(1, 1.5, self.n_vocab)

    said: dict[tuple[str, ...], list[int]] = {}
    kinds: tuple[dict[str, float], ...] = ({}, {"presence_penalty": 2.0}, {"repetition_penalty": 9.0})
    for penalties in kinds:
        engine = Engine(Insistent([9] * 99, 12), make_cache(model.config, 1), Letters(12), max_len=MAX_LEN)
        engine.add(request("x", [5], temperature=0.0, max_tokens=4, **penalties))
        said[tuple(penalties)] = [token for event in finish(engine)["x"] for token in event.token_ids]
    assert said[()] == [9] * 4
    assert said["presence_penalty",] == [9, 0, 1, 2]
    assert said["repetition_penalty",] == [9] * 4, "it only scales down a lead over nothing"


def test_a_prompt_whose_logits_are_not_finite_ends_alone(model: ServedModel, tokenizer: Tokenizer) -> None:
    class Broken(Parrot):
        def step(self, chunks: Sequence[Chunk], cache: RingCache, *, every_token: bool = False) -> Tensor:
            logits = torch.zeros(sum(len(chunk.ids) if every_token else 1 for chunk in chunks), self.n_vocab)
            if len(chunks[0].ids) > 1:
                logits[1] = float("nan")
            return logits

    engine = Engine(Broken([], tokenizer.vocab_size), make_cache(model.config, 2), tokenizer, max_len=MAX_LEN)
    engine.add(request("bad", [5] * 9, max_tokens=2, prompt_logprobs=0))
    engine.add(request("good", [5], max_tokens=6, temperature=0.0))
    events = finish(engine)
    assert [(event.finish_reason, event.error) for event in events["bad"]] == [
        ("error", "the model failed: its logits are not finite")
    ]
    assert events["good"][-1].finish_reason == "length"
    assert engine.stats.n_running == 0


def test_an_answer_that_cannot_be_decoded_ends_alone(
    model: ServedModel, tokenizer: Tokenizer, caplog: pytest.LogCaptureFixture
) -> None:
    class Torn(Letters):
        def piece_bytes(self, token_id: int, *, is_first: bool = False) -> bytes:
            if token_id == 9:
                raise KeyError(token_id)
            return super().piece_bytes(token_id, is_first=is_first)

    engine = Engine(Parrot([7, 8, 9, 7], 12), make_cache(model.config, 2), Torn(12), max_len=MAX_LEN)
    engine.add(request("long", [5], temperature=0.0, max_tokens=4))
    engine.add(request("short", [5], temperature=0.0, max_tokens=2))
    events = finish(engine)
    assert (events["long"][-1].finish_reason, events["long"][-1].error) == (
        "error",
        "decoding the answer's text failed: KeyError",
    )
    assert events["short"][-1].finish_reason == "length"
    assert "request long failed" in caplog.text


def test_an_engine_counts_what_it_does(model: ServedModel, tokenizer: Tokenizer) -> None:
    engine = make_engine(model, tokenizer, n_slots=2)
    assert engine.stats == EngineStats(0, 0, 2, 2, engine.stats.cache_bytes, 0, 0, 0, {})
    assert engine.stats.cache_bytes == make_cache(model.config, 2).n_bytes
    for i in range(3):
        engine.add(request(f"r{i}", [5 + i] * 20, max_tokens=2 + i))
    engine.step()
    assert (engine.stats.n_running, engine.stats.n_waiting, engine.stats.n_free) == (2, 1, 0)
    engine.abort("r1")
    finish(engine)
    engine.add(request("again", [7] * 30, max_tokens=1))
    finish(engine)
    stats = engine.stats
    assert (stats.prompt_tokens, stats.reused_tokens) == (90, 20)
    assert stats.output_tokens == 2 + 4 + 1
    assert stats.ended == {"length": 3, "aborted": 1}


def test_all_requests_can_be_ended_at_once(model: ServedModel, tokenizer: Tokenizer) -> None:
    engine = make_engine(model, tokenizer, n_slots=1)
    for name in "ab":
        engine.add(request(name, [5] * 20))
    engine.step()
    assert [(event.request_id, event.error) for event in engine.fail("as told")] == [("a", "as told"), ("b", "as told")]
    assert (engine.has_work, engine.stats.n_free, engine.stats.ended) == (False, 1, {"error": 2})
    engine.add(request("c", [5] * 30, max_tokens=1))
    assert finish(engine)["c"][-1].n_reused == 0, "nothing is taken over from those"
