"""Costs, counted by hand for small shapes."""

from dataclasses import replace

from bench.models.costs import prompt_operations, step_bytes
from bench.models.random_weights import CONFIGS
from inference.model.config import ModelConfig

TINY = ModelConfig(32, 2, 8, 64, 4, 2, 1e-5, 600, sliding_window=24)


def test_a_step_reads_the_weights_and_the_keys_in_the_windows() -> None:
    config = replace(TINY, sliding_window=(24, None))
    weights = 4 * (config.n_parameters - 600 * 32)
    per_key = 4 * 2 * 2 * 8  # one layer: k and v, two key heads of 8
    assert step_bytes(config, [21], 4) == weights + (21 + 21) * per_key
    assert step_bytes(config, [101, 101], 4) == weights + 2 * (24 + 101) * per_key
    assert step_bytes(config, [21], 2) == (weights + 42 * per_key) // 2
    assert step_bytes(config, [21], 1, cache_itemsize=2) == weights // 4 + 42 * per_key // 2


def test_a_tied_head_is_read_once() -> None:
    tied = replace(TINY, tied_embeddings=True)
    assert step_bytes(tied, [], 4) == step_bytes(TINY, [], 4) == 4 * tied.n_parameters


def test_mistral_7b_reads_14_22_gb_a_step_and_half_a_gibibyte_of_a_full_window() -> None:
    assert round(step_bytes(CONFIGS["7B"], [], 2) / 1e9, 2) == 14.22
    assert step_bytes(CONFIGS["7B"], [9999], 2) - step_bytes(CONFIGS["7B"], [], 2) == 2**29


def test_a_prompt_costs_two_operations_per_weight_and_four_per_key_and_component() -> None:
    linear = 2 * (2 * 32 * 8 * (4 + 2) + 3 * 32 * 64)  # weights of both layers
    norms = 2 * 2 * 32 + 32 + 32  # and one row of the embedding, a negligible error
    head = 2 * 600 * 32
    for n_tokens, n_visible in ((3, 6), (24, 300), (30, 300 + 6 * 24)):
        expected = 2 * (linear + norms) * n_tokens + head + 4 * 2 * n_visible * 32
        assert prompt_operations(TINY, n_tokens) == expected
