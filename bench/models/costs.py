"""The least that a decode step must read and a prompt must compute."""

from collections.abc import Sequence
from dataclasses import replace

from inference.model.config import ModelConfig


def step_bytes(config: ModelConfig, n_keys: Sequence[int], itemsize: int, cache_itemsize: int | None = None) -> int:
    """Return the bytes that a decode step must read for sequences with `n_keys` tokens: all weights except the
    embedding, and the keys and values within the windows. The latter have the size of a weight if not stated."""
    weights = config.n_parameters - (0 if config.tied_embeddings else config.vocab_size * config.dim)
    rows = sum(
        n if (window := config.window(layer)) is None else min(window, n)
        for layer in range(config.n_layers)
        for n in n_keys
    )
    return itemsize * weights + (cache_itemsize or itemsize) * rows * 2 * config.n_kv_heads * config.head_dim


def prompt_operations(config: ModelConfig, n_tokens: int) -> int:
    """Return the floating-point operations of a prompt: 2 per weight and token (the head only for the last token), and
    4 per visible key, head and component."""
    blocks = replace(config, vocab_size=1, tied_embeddings=True).n_parameters
    visible = 0
    for layer in range(config.n_layers):
        window = min(config.window(layer) or n_tokens, n_tokens)
        visible += window * (window + 1) // 2 + (n_tokens - window) * window
    return 2 * blocks * n_tokens + 2 * config.vocab_size * config.dim + 4 * visible * config.n_heads * config.head_dim
