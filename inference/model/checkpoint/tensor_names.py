"""Tensor names and row order of the Hugging Face layout.

Mistral's files pair neighbouring components of a head (interleaved RoPE, as in `operators.rope`), Hugging Face's pair
the two halves. Reading one as the other gives fluent, then degenerate text, and no error.
"""

import re
from collections.abc import Mapping

from torch import Tensor

Shapes = Mapping[str, tuple[int, ...]]
"""The shape of each tensor, by its name in Mistral's layout."""

EMBEDDING, HEAD = "tok_embeddings.weight", "output.weight"

_PARTS = {
    "attention.wq": "self_attn.q_proj",
    "attention.wk": "self_attn.k_proj",
    "attention.wv": "self_attn.v_proj",
    "attention.wo": "self_attn.o_proj",
    "feed_forward.w1": "mlp.gate_proj",
    "feed_forward.w2": "mlp.down_proj",
    "feed_forward.w3": "mlp.up_proj",
    "attention_norm": "input_layernorm",
    "ffn_norm": "post_attention_layernorm",
}
_WHOLE = {
    EMBEDDING: "model.embed_tokens.weight",
    "norm.weight": "model.norm.weight",
    HEAD: "lm_head.weight",
}
_COMPUTED = re.compile(r"rope\.freqs|model\.(layers\.\d+\.self_attn\.)?rotary_emb\.inv_freq")


def hugging_face_name(name: str) -> str:
    """`layers.3.attention.wq.weight` -> `model.layers.3.self_attn.q_proj.weight`."""
    if name in _WHOLE:
        return _WHOLE[name]
    _, layer, *part, kind = name.split(".")
    return f"model.layers.{layer}.{_PARTS['.'.join(part)]}.{kind}"


def is_computed(name: str) -> bool:
    """Whether a file's tensor is a table of RoPE's frequencies. Older files have one; it follows from the shape."""
    return _COMPUTED.fullmatch(name) is not None


def is_turned(name: str) -> bool:
    """Whether RoPE turns the output of this weight, so that the two layouts order its rows differently."""
    return name.endswith(("attention.wq.weight", "attention.wk.weight"))


def interleaved(weight: Tensor, head_dim: int) -> Tensor:
    """Return the rows of q or k (heads x D, n_in), ordered by halves, as a view (heads, D/2, 2, n_in) in pairs."""
    return weight.view(-1, 2, head_dim // 2, weight.shape[-1]).transpose(1, 2)
