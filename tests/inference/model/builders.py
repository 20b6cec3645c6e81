"""Small random models for the tests, and what transformers' own model says with the same weights."""

from typing import Any, cast

import torch
import transformers
from torch import Tensor

from inference.model.config import ModelConfig
from inference.model.transformer import Transformer

_HUGGING_FACE_NAMES = {
    "wq": "self_attn.q_proj",
    "wk": "self_attn.k_proj",
    "wv": "self_attn.v_proj",
    "wo": "self_attn.o_proj",
    "w1": "mlp.gate_proj",
    "w2": "mlp.down_proj",
    "w3": "mlp.up_proj",
    "attention_norm": "input_layernorm",
    "ffn_norm": "post_attention_layernorm",
    "tok_embeddings": "embed_tokens",
    "norm": "norm",
}


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
    """48 wide (not heads times head_dim: the two are independent), 97 words."""
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


def random_ids(n: int, seed: int = 0, vocab_size: int = 97) -> list[int]:
    generator = torch.Generator().manual_seed(seed)
    return torch.randint(vocab_size, (n,), generator=generator).tolist()


def hugging_face_logits(model: Transformer, ids: list[int]) -> Tensor:
    """Logits (T, V) of transformers' model with the same weights, eager attention, no cache.

    Rows of q and k go from neighbouring pairs to halves of a head.
    """
    config, library = model.config, cast(Any, transformers)
    theirs = library.MistralForCausalLM(
        library.MistralConfig(
            vocab_size=config.vocab_size,
            hidden_size=config.dim,
            intermediate_size=config.hidden_dim,
            num_hidden_layers=config.n_layers,
            num_attention_heads=config.n_heads,
            num_key_value_heads=config.n_kv_heads,
            head_dim=config.head_dim,
            rms_norm_eps=config.norm_eps,
            sliding_window=config.sliding_window,
            rope_parameters={"rope_type": "default", "rope_theta": config.rope_theta},
            tie_word_embeddings=config.tied_embeddings,
            attn_implementation="eager",
        )
    ).eval()
    state = {}
    for name, weight in model.state_dict().items():
        *path, kind, _ = name.split(".")
        if kind in {"wq", "wk"}:
            n_heads = weight.shape[0] // config.head_dim
            weight = weight.view(n_heads, config.head_dim // 2, 2, -1).transpose(1, 2).reshape(weight.shape)
        layer = f"layers.{path[1]}." if path else ""
        state["lm_head.weight" if kind == "output" else f"model.{layer}{_HUGGING_FACE_NAMES[kind]}.weight"] = weight
    if config.tied_embeddings:
        state["lm_head.weight"] = state["model.embed_tokens.weight"]
    theirs.load_state_dict(state)
    with torch.no_grad():
        logits: Tensor = theirs(torch.tensor([ids])).logits[0]
    return logits
