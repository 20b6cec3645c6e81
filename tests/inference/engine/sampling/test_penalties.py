"""Compared with the formulas written out token by token, and with transformers' repetition penalty."""

import random
from typing import Any, cast

import pytest
import torch
import transformers
from torch import Tensor

from inference.engine.request import SamplingParams
from inference.engine.sampling.penalties import SeenTokens, penalize

N_VOCAB = 50


def plainly(logits: Tensor, prompt: list[int], output: list[int], params: SamplingParams) -> list[float]:
    values = logits.tolist()
    for token in range(N_VOCAB):
        if token in prompt or token in output:
            values[token] *= 1 / params.repetition_penalty if values[token] > 0 else params.repetition_penalty
        values[token] -= params.presence_penalty * (token in output)
        values[token] -= params.frequency_penalty * output.count(token)
    return cast(list[float], values)


def seen(prompt: list[int], output: list[int], params: SamplingParams) -> SeenTokens | None:
    record = SeenTokens.if_needed(prompt, params)
    if record is not None:
        for token in output:
            record.add(token)
    return record


@pytest.mark.parametrize("seed", range(8))
def test_rows_with_all_kinds_of_penalties_equal_the_formulas(seed: int) -> None:
    rng = random.Random(seed)
    logits = torch.randn(6, N_VOCAB, generator=torch.Generator().manual_seed(seed)) * 4
    before, records, expected = logits.clone(), [], []
    for row in logits:
        params = SamplingParams(
            max_tokens=40,
            repetition_penalty=rng.choice([1.0, 1.3, 0.8]),
            presence_penalty=rng.choice([0.0, 0.7, -2.0]),
            frequency_penalty=rng.choice([0.0, 0.3, -0.4]),
        )
        prompt = [rng.randrange(N_VOCAB) for _ in range(rng.randint(1, 60))]
        output = [rng.randrange(N_VOCAB) for _ in range(rng.randint(0, 40))]
        records.append(seen(prompt, output, params))
        expected.append(plainly(row, prompt, output, params))
    torch.testing.assert_close(penalize(logits, records), torch.tensor(expected))
    assert torch.equal(logits, before), "log-probabilities are asked of these afterwards"


def test_the_repetition_penalty_is_that_of_transformers() -> None:
    logits, ids = torch.randn(1, N_VOCAB, generator=torch.Generator().manual_seed(1)) * 4, [3, 4, 4, 9, 20, 3]
    record = seen(ids[:4], ids[4:], SamplingParams(max_tokens=9, repetition_penalty=1.7))
    theirs = cast(Any, transformers).RepetitionPenaltyLogitsProcessor(1.7)(torch.tensor([ids]), logits)
    torch.testing.assert_close(penalize(logits, [record]), theirs)


def test_logits_without_penalties_are_returned_as_they_are() -> None:
    assert SeenTokens.if_needed([1, 2], SamplingParams(max_tokens=1)) is None
    logits = torch.randn(2, N_VOCAB)
    assert penalize(logits, [None, None]) is logits
