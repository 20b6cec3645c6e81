"""Compared with the distribution written out by hand (chi-square for frequencies, exact sets for top-p), and with
transformers' own processors for all cuts together.
"""

from itertools import islice
from typing import Any, cast

import pytest
import torch
import transformers
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import chisquare
from torch import Tensor

from inference.engine.sampling.draw import Draw, sample, uniforms

N_DRAWS = 20_000


def draws(logits: Tensor, temperature: float, top_p: float, seed: int = 0) -> Tensor:
    """Return how often each token of one distribution is drawn."""
    stream = uniforms(seed)
    tokens: list[int | None] = []
    for _ in range(N_DRAWS // 1000):
        rows = [Draw(temperature, top_p, next(stream)) for _ in range(1000)]
        tokens += sample(logits.expand(1000, -1), rows)
    return torch.bincount(torch.tensor(tokens), minlength=logits.shape[-1]).double()


def nucleus(logits: Tensor, temperature: float, top_p: float) -> Tensor:
    """Return the distribution after top-p, computed the slow way."""
    probs = torch.softmax(logits.double() / temperature, -1)
    kept, total = torch.zeros_like(probs), 0.0
    for token in sorted(range(len(probs)), key=lambda i: -float(probs[i])):
        if total >= top_p:
            break
        kept[token] = probs[token]
        total += float(probs[token])
    return kept / kept.sum()


@pytest.mark.parametrize(
    ("temperature", "top_p", "n_tokens"),
    [(1.0, 1.0, 20), (0.5, 1.0, 20), (1.5, 0.8, 20), (1.0, 0.95, 400), (1.0, 0.5, 700)],
)
def test_token_frequencies_match_the_distribution(temperature: float, top_p: float, n_tokens: int) -> None:
    logits = torch.randn(n_tokens, generator=torch.Generator().manual_seed(1))
    counts, expected = draws(logits, temperature, top_p), nucleus(logits, temperature, top_p)
    assert counts[expected == 0].sum() == 0, "nothing from outside the nucleus"
    kept = expected > 0
    assert chisquare(counts[kept].numpy(), (expected[kept] * N_DRAWS).numpy()).pvalue > 0.001


def masses(logits: Tensor, n: int = 2000, **cuts: float) -> Tensor:
    """Return the probability of each token to 1 / n: the share of n evenly spaced uniforms that draw it."""
    rows = [Draw(uniform=(i + 0.5) / n, **cuts) for i in range(n)]  # type: ignore[arg-type]
    return torch.bincount(torch.tensor(sample(logits.expand(n, -1), rows)), minlength=len(logits)).double() / n


def theirs(logits: Tensor, temperature: float, top_k: int, top_p: float, min_p: float) -> Tensor:
    """Return the distribution that transformers draws from."""
    library, scores = cast(Any, transformers), logits[None] / temperature
    if top_k:
        scores = library.TopKLogitsWarper(top_k)(None, scores)
    if top_p < 1:
        scores = library.TopPLogitsWarper(top_p)(None, scores)
    if min_p:
        scores = library.MinPLogitsWarper(min_p)(None, scores)
    return torch.softmax(scores[0].double(), -1)


@settings(max_examples=60, deadline=None, derandomize=True)
@given(
    n_tokens=st.sampled_from([5, 300, 1000, 8200]),
    spread=st.sampled_from([0.2, 2.0, 6.0]),
    temperature=st.sampled_from([0.3, 1.0, 1.7]),
    top_k=st.sampled_from([0, 1, 4, 256, 257, 700, 9999]),
    top_p=st.sampled_from([1.0, 0.95, 0.5, 0.01]),
    min_p=st.sampled_from([0.0, 0.05, 0.4, 1.0]),
    seed=st.integers(0, 2**32),
)
def test_all_cuts_together_keep_the_tokens_that_transformers_keeps(
    n_tokens: int, spread: float, temperature: float, top_k: int, top_p: float, min_p: float, seed: int
) -> None:
    logits = torch.randn(n_tokens, generator=torch.Generator().manual_seed(seed)) * spread
    found = masses(logits, 500, temperature=temperature, top_k=top_k, top_p=top_p, min_p=min_p)
    expected = theirs(logits, temperature, min(top_k, n_tokens), top_p, min_p)
    assert float((found - expected).abs().max()) <= 1 / 500 + 1e-6
    assert not found[expected == 0].any()


def test_temperature_zero_takes_the_likeliest() -> None:
    logits = torch.tensor([[0.0, 3.0, 1.0], [5.0, 0.0, 0.0]])
    assert sample(logits, [Draw(0, 1, 0.99), Draw(0, 0.1, 0.0)]) == [1, 0]


def test_a_tiny_temperature_is_greedy_too_and_does_not_overflow() -> None:
    logits = torch.tensor([[-30000.0, 30000.0, 29999.0]])
    assert sample(logits, [Draw(1e-9, 1.0, 0.999999)]) == [1]


def test_a_tiny_top_p_keeps_the_first_token() -> None:
    logits = torch.zeros(1, 1000)
    logits[0, 7] = 1.0
    assert sample(logits, [Draw(1.0, 1e-9, 0.999999)]) == [7]


def test_a_row_gives_the_same_token_alone_and_among_other_rows() -> None:
    logits = torch.randn(60, 2000, generator=torch.Generator().manual_seed(2)) * torch.linspace(0.1, 6, 60)[:, None]
    stream = uniforms(5)
    kinds = [(0.0, 1.0, 0, 0.0), (1.0, 1.0, 0, 0.0), (0.7, 0.9, 9, 0.0), (1.9, 0.99, 0, 0.1), (1.0, 1.0, 500, 0.01)]
    rows = [Draw(*kinds[i % 5][:2], next(stream), *kinds[i % 5][2:]) for i in range(60)]
    alone = [sample(logits[i : i + 1], [rows[i]])[0] for i in range(60)]
    assert sample(logits, rows) == alone


def test_uniforms_near_0_and_1_draw_tokens_with_probability() -> None:
    logits = torch.tensor([[float("-inf"), 1.0, 1.0, float("-inf")]])
    below_one = 1 - 2**-53
    assert sample(logits.expand(2, -1), [Draw(1, 1, 0.0), Draw(1, 1, below_one)]) == [1, 2]
    assert sample(logits.expand(2, -1), [Draw(1, 0.99, 0.0), Draw(1, 0.99, below_one)]) == [1, 2]


@pytest.mark.parametrize("bad", [float("nan"), float("inf"), float("-inf")])
def test_logits_that_are_not_a_distribution_give_no_token(bad: float) -> None:
    logits = torch.zeros(3, 4)
    logits[1] = bad
    assert sample(logits, [Draw(1, 1, 0.5), Draw(1, 1, 0.5), Draw(0, 1, 0.5)]) == [2, None, 0]


def test_a_seed_repeats_its_stream() -> None:
    streams = {seed: tuple(islice(uniforms(seed), 5)) for seed in (0, 1, -1, 2**63)}
    assert len(set(streams.values())) == 4
    assert streams[1] == tuple(islice(uniforms(1), 5))
    assert all(0 <= number < 1 for numbers in streams.values() for number in numbers)


def test_all_kinds_of_draws_take_one_copy_from_the_device(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each copy waits for a GPU. Only a row that needs a full sort takes another."""
    copies = list[str]()
    for name in ("tolist", "item", "cpu", "numpy", "__bool__", "__int__", "__float__"):
        original = getattr(torch.Tensor, name)

        def counted(tensor: torch.Tensor, *args: object, name: str = name, original: Any = original) -> Any:
            copies.append(name)
            return original(tensor, *args)

        monkeypatch.setattr(torch.Tensor, name, counted)
    logits = torch.randn(4, 32000, generator=torch.Generator().manual_seed(0)) * 3
    draws = [Draw(0.0, 1.0, 0.0), Draw(1.0, 1.0, 0.5), Draw(0.5, 0.5, 0.5), Draw(1.0, 1.0, 0.5, top_k=40)]
    assert None not in sample(logits, draws)
    assert copies == ["tolist"]
    copies.clear()
    flat = torch.zeros(1, 32000)
    assert None not in sample(flat, [Draw(1.0, 0.9, 0.5)])
    assert copies.count("tolist") == 2
