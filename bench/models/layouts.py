"""Models to measure with: random weights in known shapes, written once in the layout that each engine reads.

    python -m bench.models --data DIR 15M 160M 1.1B

All layouts of a size hold the same numbers in bfloat16 (float32 runs read the same, widened), so that engines can be
compared on their logits before they are compared on their speed. The folder in Mistral's layout has a tokenizer and can
be served; the text is noise. Weights are drawn, not learned: speed does not depend on what they say.
"""

import argparse
import io
import json
from collections.abc import Sequence
from pathlib import Path

import sentencepiece
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor

from bench.models.files import Files
from inference.model.checkpoint.files import WEIGHTS_FILE
from inference.model.checkpoint.weights import save
from inference.model.config import ModelConfig
from inference.model.transformer import Transformer

VOCAB_SIZE = 32000
CONFIGS = {
    "15M": ModelConfig(192, 8, 32, 512, 6, 2, 1e-5, VOCAB_SIZE, sliding_window=256),
    "160M": ModelConfig(768, 12, 64, 3328, 12, 4, 1e-5, VOCAB_SIZE, sliding_window=1024),
    "1.1B": ModelConfig(2048, 22, 64, 5632, 32, 4, 1e-5, VOCAB_SIZE, sliding_window=4096),
    "7B": ModelConfig(4096, 32, 128, 14336, 32, 8, 1e-5, VOCAB_SIZE, sliding_window=4096),
}
_SPREAD = 0.02  # standard deviation of a weight, as models are commonly started
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


def random_model(
    config: ModelConfig, *, seed: int = 0, dtype: torch.dtype = torch.bfloat16, device: str = "cpu"
) -> Transformer:
    """A model whose weights are normal with standard deviation 0.02 and whose norms are 1: made where it will live."""
    with torch.device("meta"):
        model = Transformer(config)
    generator = torch.Generator(device).manual_seed(seed)
    state = {}
    for name, tensor in model.state_dict().items():
        if "norm" in name:
            state[name] = torch.ones(tensor.shape, dtype=dtype, device=device)
        else:
            state[name] = torch.empty(tensor.shape, dtype=dtype, device=device).normal_(0, _SPREAD, generator=generator)
    model.load_state_dict(state, assign=True)
    return model.requires_grad_(False).eval()


def make(name: str, config: ModelConfig, root: Path) -> Files:
    """The files of a size, written unless they are there: all but GGUF, which `make_gguf` writes."""
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
    """config.json of transformers' Mistral for a model with one window."""
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
    """Mistral's tensors under Hugging Face's names; rows of q and k in its order: RoPE pairs halves."""
    renamed = {}
    for name, tensor in state.items():
        if name.endswith(("wq.weight", "wk.weight")):
            tensor = tensor.view(-1, config.head_dim // 2, 2, config.dim).transpose(1, 2).reshape_as(tensor)
        renamed[_renamed(name, _HF_NAMES, "model.layers")] = tensor.contiguous()
    return renamed


def make_gguf(files: Files, config: ModelConfig, dtype: str) -> Path:
    """The GGUF file for llama.cpp, written unless it is there. Its "llama" architecture pairs neighbours in RoPE, as
    Mistral's files do, and knows no window. ModuleNotFoundError without the package gguf."""
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
        if dtype == "float32" or tensor.dim() == 1:  # its norms are float32 in any file
            writer.add_tensor(renamed, tensor.float().numpy())
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


def tokenizer_model(vocab_size: int) -> bytes:
    """A SentencePiece model of that many pieces: bytes, ASCII, and numbered words, with Mistral's control pieces."""
    ascii_ = list(map(chr, range(33, 127)))
    words = [f"\u2581w{number}" for number in range(vocab_size - 5 - 256 - len(ascii_) - 1)]
    model = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter([" ".join(ascii_)]),
        model_writer=model,
        model_type="bpe",
        vocab_size=vocab_size,
        character_coverage=1.0,
        normalization_rule_name="identity",
        byte_fallback=True,
        unk_id=0,
        bos_id=1,
        eos_id=2,
        pad_id=-1,
        control_symbols=["[INST]", "[/INST]"],
        user_defined_symbols=words,
        num_threads=1,
        minloglevel=2,
    )
    return model.getvalue()


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.models", description="Write models with random weights.")
    parser.add_argument("sizes", nargs="+", choices=CONFIGS)
    parser.add_argument("--data", type=Path, required=True, metavar="DIR", help="where the models are written")
    parser.add_argument("--gguf", nargs="*", default=[], choices=("float32", "bfloat16"), help="for llama.cpp too")
    args = parser.parse_args(argv)
    for size in args.sizes:
        files = make(size, CONFIGS[size], args.data)
        for dtype in args.gguf:
            make_gguf(files, CONFIGS[size], dtype)
        print(f"{size}: {files.folder}, {CONFIGS[size].n_parameters:,} parameters")
    return 0
