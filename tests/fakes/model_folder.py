"""Write a small tokenizer, and a small model folder that can be served."""

import io
from pathlib import Path

import sentencepiece

from inference.text.folder import open_tokenizer


def write_tokenizer(folder: Path, *, has_control_pieces: bool = True) -> None:
    """Write a real SentencePiece model, trained on a few lines: letters, digits and 256 byte pieces (Hangul needs
    three). Pieces 3 and 4 are [INST] and [/INST]; without control pieces, it is a v1 tokenizer."""
    lines = [
        "the quick brown fox jumps over the lazy dog",
        "THE QUICK BROWN FOX JUMPS",
        "0 1 2 3 4 5 6 7 8 9 . , ! ? : - [ ] /",
    ]
    model = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(lines * 20),
        model_writer=model,
        model_type="bpe",
        vocab_size=400 if has_control_pieces else 398,
        control_symbols=["[INST]", "[/INST]"] if has_control_pieces else [],
        byte_fallback=True,
        split_digits=True,
        normalization_rule_name="identity",
        remove_extra_whitespaces=False,
        allow_whitespace_only_pieces=True,
        hard_vocab_limit=False,
        minloglevel=2,
    )
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "tokenizer.model").write_bytes(model.getvalue())


def write_model_folder(
    folder: Path, *, seed: int = 0, sliding_window: int | None = 24, max_seq_len: int = 1024
) -> None:
    """Write a folder that can be served: two layers of the real architecture with random weights, and a tokenizer.

    A greedy answer never ends: the logit of EOS is always 0, and one of some hundred random logits is always greater.
    """
    import torch

    from inference.model.checkpoint import weights
    from inference.model.config import ModelConfig
    from inference.model.transformer import Transformer

    write_tokenizer(folder)
    tokenizer = open_tokenizer(folder)
    config = ModelConfig(
        dim=32,
        n_layers=2,
        head_dim=8,
        hidden_dim=64,
        n_heads=4,
        n_kv_heads=2,
        norm_eps=1e-5,
        vocab_size=tokenizer.vocab_size,
        sliding_window=sliding_window,
        max_seq_len=max_seq_len,
    )
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        model = Transformer(config)
    assert model.output is not None
    with torch.no_grad():
        model.output.weight[tokenizer.eos_id] = 0.0
    weights.save(model, folder)
