"""What a model must at least read or compute: the floors that rates are shares of."""

from collections.abc import Sequence
from dataclasses import replace

from inference.model.config import ModelConfig


def step_bytes(config: ModelConfig, n_keys: Sequence[int], itemsize: int) -> int:
    """Bytes that a decode step of sequences with so many tokens has to read: weights but for the embedding, and keys
    and values within the windows."""
    weights = config.n_parameters - (0 if config.tied_embeddings else config.vocab_size * config.dim)
    rows = sum(
        n if (window := config.window(layer)) is None else min(window, n)
        for layer in range(config.n_layers)
        for n in n_keys
    )
    return itemsize * (weights + rows * 2 * config.n_kv_heads * config.head_dim)


def prompt_operations(config: ModelConfig, n_tokens: int) -> int:
    """Floating-point operations of reading a prompt: 2 a weight and token (the head for the last token alone), and 4 a
    visible key, head and component."""
    blocks = replace(config, vocab_size=1, tied_embeddings=True).n_parameters
    visible = 0
    for layer in range(config.n_layers):
        window = min(config.window(layer) or n_tokens, n_tokens)
        visible += window * (window + 1) // 2 + (n_tokens - window) * window
    return 2 * blocks * n_tokens + 2 * config.vocab_size * config.dim + 4 * visible * config.n_heads * config.head_dim
