"""logit_bias beside the formula, alone and with penalties, and in an engine."""

from collections.abc import Sequence

import pytest
import torch

from inference.engine.engine import Engine
from inference.engine.request import Event, Request, SamplingParams
from inference.engine.sampling.bias import LogitBias, add_bias
from inference.engine.sampling.penalties import SeenTokens, penalize
from tests.inference.engine.builders import Letters, cache_for, finish, whole
from tests.inference.model.builders import served_model, tiny_config


def biased(**biases: float) -> LogitBias | None:
    return LogitBias.if_needed(params({int(name[1:]): bias for name, bias in biases.items()}))


def params(
    biases: dict[int, float], *, seed: int = 0, temperature: float = 0, repetition_penalty: float = 1
) -> SamplingParams:
    return SamplingParams(
        max_tokens=12,
        temperature=temperature,
        seed=seed,
        repetition_penalty=repetition_penalty,
        logit_bias=tuple(biases.items()),
        n_logprobs=3,
    )


def test_each_row_gets_its_own_biases_and_the_others_keep_their_bits() -> None:
    logits = torch.randn(4, 9, generator=torch.Generator().manual_seed(0))
    before = logits.clone()
    changed = add_bias(logits, [biased(t0=1.5, t8=-100), None, biased(t3=0.25), None])
    expected = before.clone()
    expected[0, 0] += 1.5
    expected[0, 8] -= 100
    expected[2, 3] += 0.25
    assert torch.equal(changed, expected)
    assert torch.equal(logits, before), "log-probabilities are asked of these afterwards"
    assert add_bias(logits, [None] * 4) is logits


def test_biases_come_before_penalties_as_in_vllm() -> None:
    """A logit of 1 that a bias of 3 made positive is divided by the repetition penalty: (1 + 3) / 2."""
    seen = SeenTokens([2], SamplingParams(max_tokens=1, repetition_penalty=2))
    changed = penalize(add_bias(torch.tensor([[0.0, 5.0, 1.0]]), [biased(t2=3)]), [seen])
    assert changed.tolist() == [[0, 5, 2]]


def run(requests: Sequence[Request], *, n_slots: int) -> dict[str, Event]:
    model = served_model(tiny_config())
    engine = Engine(model, cache_for(model, n_slots=n_slots, max_len=64), Letters(), max_len=64, reuse=False)
    for request in requests:
        engine.add(request)
    return {name: whole(events) for name, events in finish(engine).items()}


@pytest.mark.parametrize("temperature", [0, 1.3])
def test_100_chooses_a_token_and_minus_100_forbids_it(temperature: float) -> None:
    plain = run([Request("a", (5, 6), params({}, temperature=temperature))], n_slots=1)["a"]
    only = run([Request("a", (5, 6), params({17: 100}, temperature=temperature))], n_slots=1)["a"]
    assert set(only.token_ids) == {17}
    forbidden = dict.fromkeys(plain.token_ids, -100.0)
    without = run([Request("a", (5, 6), params(forbidden, temperature=temperature))], n_slots=1)["a"]
    assert not set(without.token_ids) & set(plain.token_ids)


def test_log_probabilities_are_those_of_the_model_without_biases() -> None:
    plain = run([Request("a", (5, 6), params({}))], n_slots=1)["a"]
    forced = run([Request("a", (5, 6), params({17: 100}))], n_slots=1)["a"]
    assert forced.logprobs[0].token_id == 17
    assert forced.logprobs[0].top == plain.logprobs[0].top
    assert forced.logprobs[0].logprob < -1


def test_tokens_and_log_probabilities_have_the_same_bits_alone_and_in_a_batch() -> None:
    requests = [
        Request(
            f"r{i}",
            (10 + i, 5, 6),
            params(
                {} if i % 3 == 0 else {20: 3.5, 21 + i: -7.25, 40: 1e-3},
                seed=i,
                temperature=0 if i % 2 else 1.1,
                repetition_penalty=1.0 if i % 4 else 1.2,
            ),
        )
        for i in range(7)
    ]
    together = run(requests, n_slots=4)
    for request in requests:
        assert run([request], n_slots=1)[request.request_id] == together[request.request_id]


def test_wrong_biases_are_named() -> None:
    with pytest.raises(ValueError, match=r"logit_bias of token 3 is 100.5; a number from -100 to 100 was expected"):
        params({3: 100.5})
    with pytest.raises(ValueError, match="logit_bias of token 3 is nan"):
        params({3: float("nan")})
    with pytest.raises(ValueError, match="logit_bias names a token twice"):
        SamplingParams(max_tokens=1, logit_bias=((3, 1.0), (3, 2.0)))
    for token_id in (-1, 97):
        with pytest.raises(ValueError, match=f"logit_bias names token {token_id}; an id from 0 to 96 was expected"):
            run([Request("a", (5, 6), params({token_id: 1}))], n_slots=1)
