"""Small random models for the tests, and transformers' own model with the same weights."""

from typing import Any, cast
from unittest.mock import patch

import torch
import transformers
from torch import Tensor

from inference.model.checkpoint.shape.rope_scaling import scaling_object
from inference.model.config import Family, ModelConfig
from inference.model.operators import linear
from inference.model.packed import PackedWeights
from inference.model.serving import ServedModel
from inference.model.transformer import Transformer


def tiny_config(
    *,
    sliding_window: int | tuple[int | None, ...] | None = 7,
    n_layers: int = 2,
    n_heads: int = 4,
    n_kv_heads: int = 2,
    head_dim: int = 8,
    rope_theta: float = 10000.0,
    max_seq_len: int = 512,
    tied_embeddings: bool = False,
) -> ModelConfig:
    """A shape with dim 48, which is not heads times head_dim, and 97 words."""
    return ModelConfig(
        dim=48,
        n_layers=n_layers,
        head_dim=head_dim,
        hidden_dim=80,
        n_heads=n_heads,
        n_kv_heads=n_kv_heads,
        norm_eps=1e-5,
        vocab_size=97,
        sliding_window=sliding_window,
        rope_theta=rope_theta,
        max_seq_len=max_seq_len,
        tied_embeddings=tied_embeddings,
    )


def random_model(config: ModelConfig, seed: int = 0, dtype: torch.dtype = torch.float32) -> Transformer:
    """Weights large enough that attention looks at single keys and the logits spread over several units."""
    generator = torch.Generator().manual_seed(seed)
    model = Transformer(config)
    with torch.no_grad():
        for name, weight in model.named_parameters():
            noise = torch.randn(weight.shape, generator=generator)
            weight.copy_(1 + 0.3 * noise if "norm" in name else noise * 1.5 * weight.shape[-1] ** -0.5)
    return model.requires_grad_(False).to(dtype)


def served_model(
    config: ModelConfig,
    seed: int = 0,
    dtype: torch.dtype = torch.float32,
    *,
    int8: bool = False,
    by_onednn: bool = True,
) -> ServedModel:
    """`random_model`, served. Without `by_onednn`, as on a processor without AVX-512."""
    model = random_model(config, seed, dtype)
    if by_onednn:
        return model.served(int8=int8)
    with patch.object(linear, "_packed", return_value=None):
        return model.served(int8=int8)


def packed_weights(model: ServedModel) -> PackedWeights:
    return model._weights


def random_ids(n: int, seed: int = 0, vocab_size: int = 97) -> list[int]:
    generator = torch.Generator().manual_seed(seed)
    return torch.randint(vocab_size, (n,), generator=generator).tolist()


def hugging_face_model(config: ModelConfig, family: Family = "mistral", seed: int = 0) -> Any:
    """transformers' own model of this shape, with random weights as large as those of `random_model`.

    It is a Ministral where layers have a window and others none.
    """
    library = cast(Any, transformers)
    scaling = {"rope_type": "default"} if config.rope_scaling is None else scaling_object(config.rope_scaling)
    shape = {
        "vocab_size": config.vocab_size,
        "hidden_size": config.dim,
        "intermediate_size": config.hidden_dim,
        "num_hidden_layers": config.n_layers,
        "num_attention_heads": config.n_heads,
        "num_key_value_heads": config.n_kv_heads,
        "head_dim": config.head_dim,
        "rms_norm_eps": config.norm_eps,
        "max_position_embeddings": config.max_seq_len,
        "rope_parameters": {**scaling, "rope_theta": config.rope_theta},
        "tie_word_embeddings": config.tied_embeddings,
        "attn_implementation": "eager",
    }
    if family == "llama":
        theirs = library.LlamaForCausalLM(library.LlamaConfig(**shape))
    elif isinstance(config.sliding_window, tuple):
        windows = [config.window(layer) for layer in range(config.n_layers)]
        types = ["full_attention" if window is None else "sliding_attention" for window in windows]
        shape |= {"layer_types": types, "sliding_window": next(window for window in windows if window is not None)}
        theirs = library.MinistralForCausalLM(library.MinistralConfig(**shape))
    else:
        theirs = library.MistralForCausalLM(library.MistralConfig(sliding_window=config.sliding_window, **shape))
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for name, weight in theirs.named_parameters():
            noise = torch.randn(weight.shape, generator=generator)
            weight.copy_(1 + 0.3 * noise if "norm" in name else noise * 1.5 * weight.shape[-1] ** -0.5)
    return theirs.eval()


def hugging_face_logits(theirs: Any, ids: list[int]) -> Tensor:
    """Logits (T, V) of transformers' model, eager attention, no cache."""
    with torch.no_grad():
        logits: Tensor = theirs(torch.tensor([ids]), use_cache=False).logits[0]
    return logits
