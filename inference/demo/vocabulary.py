"""Train the SentencePiece model that the four demo models share.

Letters, digits and Hangul syllables are single pieces, so that a model can spell a word and carry a digit; all other
characters are bytes. The words that questions *use* ("▁letters", "▁backwards") are single pieces too, which halves the
length of a prompt; a word that a question is *about* never is, or the model could not know its letters. [INST] and
[/INST] are control pieces with Mistral's ids, 3 and 4.
"""

import io

import sentencepiece

from inference.demo.corpus.pieces import HANGUL, WHOLE_WORDS

_ASCII = "".join(map(chr, range(33, 127)))


def train_tokenizer() -> bytes:
    """Return a serialized SentencePiece model of bytes, characters and words, always the same."""
    symbols = ["\u2581" + word for word in WHOLE_WORDS]
    characters = [*_ASCII, *HANGUL, "×", "÷", "\u2581"]
    model = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(" ".join(characters[i : i + 100]) for i in range(0, len(characters), 100)),
        model_writer=model,
        model_type="bpe",
        vocab_size=5 + 256 + len(symbols) + len(characters),
        character_coverage=1.0,
        normalization_rule_name="identity",
        remove_extra_whitespaces=False,
        add_dummy_prefix=True,
        split_digits=True,
        byte_fallback=True,
        unk_id=0,
        bos_id=1,
        eos_id=2,
        pad_id=-1,
        control_symbols=["[INST]", "[/INST]"],
        user_defined_symbols=symbols,
        num_threads=1,
        minloglevel=2,
    )
    return model.getvalue()
