"""A SentencePiece tokenizer of any vocabulary size."""

import io

import sentencepiece


def tokenizer_model(vocab_size: int) -> bytes:
    """Return a SentencePiece model: Mistral's control pieces, bytes, ASCII, and numbered words up to `vocab_size`."""
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
