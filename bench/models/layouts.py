"""Write a model in the layout of each engine: Mistral's, Hugging Face's and GGUF.

All layouts of a size contain the same numbers in bfloat16 (float32 runs widen them, int8 runs round them), so engines
are compared on their logits before they are compared on their speed. The folder in Mistral's layout has a tokenizer and
can be served; its answers are noise.
"""

import json
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file
from torch import Tensor

from bench.models.files import Files
from bench.models.random_weights import random_model
from bench.models.tokenizer import tokenizer_model
from inference.model.checkpoint.files import WEIGHTS_FILE
from inference.model.checkpoint.weights import save
from inference.model.config import ModelConfig

_GGUF_NAMES = {
    "tok_embeddings": "token_embd",
    "norm": "output_norm",
    "output": "output",
    "attention.wq": "attn_q",
    "attention.wk": "attn_k",
    "attention.wv": "attn_v",
    "attention.wo": "attn_output",
    "attention_norm": "attn_norm",
    "feed_forward.w1": "ffn_gate",
    "feed_forward.w2": "ffn_down",
    "feed_forward.w3": "ffn_up",
    "ffn_norm": "ffn_norm",
}
_HF_NAMES = {
    "tok_embeddings": "model.embed_tokens",
    "norm": "model.norm",
    "output": "lm_head",
    "attention.wq": "self_attn.q_proj",
    "attention.wk": "self_attn.k_proj",
    "attention.wv": "self_attn.v_proj",
    "attention.wo": "self_attn.o_proj",
    "attention_norm": "input_layernorm",
    "feed_forward.w1": "mlp.gate_proj",
    "feed_forward.w2": "mlp.down_proj",
    "feed_forward.w3": "mlp.up_proj",
    "ffn_norm": "post_attention_layernorm",
}


def make(name: str, config: ModelConfig, root: Path) -> Files:
    """Write the files of one size that are missing, except GGUF, which `make_gguf` writes."""
    files = Files(root / name)
    if not (files.mistral / WEIGHTS_FILE).exists():
        save(random_model(config), files.mistral)
    if not (files.mistral / "tokenizer.model").exists():
        (files.mistral / "tokenizer.model").write_bytes(tokenizer_model(config.vocab_size))
    if not (files.hf / "config.json").exists():
        files.hf.mkdir(parents=True, exist_ok=True)
        state = load_file(files.mistral / WEIGHTS_FILE)
        save_file(hf_state(state, config), files.hf / "model.safetensors", metadata={"format": "pt"})
        (files.hf / "config.json").write_text(json.dumps(hf_config(config), indent=2) + "\n", encoding="utf-8")
    return files


def hf_config(config: ModelConfig) -> dict[str, object]:
    """Return transformers' Mistral config.json for a model with one window."""
    return {
        "architectures": ["MistralForCausalLM"],
        "model_type": "mistral",
        "hidden_size": config.dim,
        "num_hidden_layers": config.n_layers,
        "head_dim": config.head_dim,
        "intermediate_size": config.hidden_dim,
        "num_attention_heads": config.n_heads,
        "num_key_value_heads": config.n_kv_heads,
        "rms_norm_eps": config.norm_eps,
        "vocab_size": config.vocab_size,
        "sliding_window": config.window(0),
        "rope_theta": config.rope_theta,
        "max_position_embeddings": config.max_seq_len,
        "tie_word_embeddings": config.tied_embeddings,
        "hidden_act": "silu",
        "dtype": "bfloat16",
    }


def hf_state(state: dict[str, Tensor], config: ModelConfig) -> dict[str, Tensor]:
    """Rename Mistral's tensors to Hugging Face's names, and reorder the rows of q and k: its RoPE pairs halves."""
    renamed = {}
    for name, tensor in state.items():
        if name.endswith(("wq.weight", "wk.weight")):
            tensor = tensor.view(-1, config.head_dim // 2, 2, config.dim).transpose(1, 2).reshape_as(tensor)
        renamed[_renamed(name, _HF_NAMES, "model.layers")] = tensor.contiguous()
    return renamed


def make_gguf(files: Files, config: ModelConfig, dtype: str) -> Path:
    """Write the GGUF file for llama.cpp if it is missing; int8 is Q8_0, by gguf's own quantizer. Its "llama"
    architecture pairs neighbours in RoPE, as Mistral's files do, and has no window. Raise ModuleNotFoundError without
    the package gguf."""
    import gguf

    path = files.gguf(dtype)
    if path.exists():
        return path
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(".part")
    writer = gguf.GGUFWriter(part, "llama")
    writer.add_context_length(config.max_seq_len)
    writer.add_embedding_length(config.dim)
    writer.add_block_count(config.n_layers)
    writer.add_feed_forward_length(config.hidden_dim)
    writer.add_head_count(config.n_heads)
    writer.add_head_count_kv(config.n_kv_heads)
    writer.add_rope_dimension_count(config.head_dim)
    writer.add_rope_freq_base(config.rope_theta)
    writer.add_layer_norm_rms_eps(config.norm_eps)
    writer.add_vocab_size(config.vocab_size)
    writer.add_tokenizer_model("none")
    for name, tensor in load_file(files.mistral / WEIGHTS_FILE).items():
        renamed = _renamed(name, _GGUF_NAMES, "blk")
        if dtype == "float32" or tensor.dim() == 1:  # llama.cpp expects float32 norms in every file
            writer.add_tensor(renamed, tensor.float().numpy())
        elif dtype == "int8":
            q8_0 = gguf.GGMLQuantizationType.Q8_0
            writer.add_tensor(renamed, gguf.quants.quantize(tensor.float().numpy(), q8_0), raw_dtype=q8_0)
        else:
            writer.add_tensor(
                renamed,
                tensor.contiguous().view(torch.uint8).numpy(),
                raw_dtype=gguf.GGMLQuantizationType.BF16,
            )
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return part.replace(path)


def _renamed(name: str, names: dict[str, str], layers: str) -> str:
    stem = name.removesuffix(".weight")
    if not stem.startswith("layers."):
        return f"{names[stem]}.weight"
    _, layer, rest = stem.split(".", 2)
    return f"{layers}.{layer}.{names[rest]}.weight"
