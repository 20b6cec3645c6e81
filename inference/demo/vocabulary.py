"""Trains the SentencePiece model that the four demo models share.

Letters, digits and Hangul syllables are single pieces, so that a word can be spelled and a sum carried; everything else
falls back to bytes. Only words that questions are *put in* ("▁letters", "▁backwards") are whole pieces, which halves
the length of a prompt; a word that a question is *about* never is, or the model could not know its letters.
[INST] and [/INST] are control pieces with Mistral's ids, 3 and 4.
"""

import io
import re
from collections import Counter
from itertools import islice

import sentencepiece

from inference.demo.corpus import words
from inference.demo.corpus.dialogue import SYSTEM_PROMPTS, dialogues

N_WHOLE_WORDS = 280
# Whole although short, or although they are words of the lexicon too: the lexicon then teaches their letters.
_ALWAYS = ("the", "The", "and", "And", "how", "How", "you", "You", "Can", "letters", "letter", "story", "number")
_SAMPLE = 30_000
_ASCII = "".join(map(chr, range(33, 127)))


def whole_words(texts: list[str]) -> list[str]:
    """The words of questions and answers that stand often and begin no word of the lexicon, commonest first."""
    content = {word.lower() for word in _lexicon()}
    counts = Counter(word for text in texts for word in re.findall(r"(?<![^ ])[A-Za-z]{4,}", text))
    chosen: list[str] = []
    for word, n in counts.most_common():
        if n < 30 or len(chosen) == N_WHOLE_WORDS:
            break
        if not any(other.startswith(word.lower()) for other in content):
            chosen.append(word)
    long_ones = {word for prompt in SYSTEM_PROMPTS for word in re.findall(r"[A-Za-z]{6,}", prompt)}
    return list(dict.fromkeys([*_ALWAYS, *chosen, *sorted(long_ones)]))


def _lexicon() -> list[str]:
    pairs = (words.OPPOSITES, words.CAPITALS, words.COLOURS, words.SOUNDS, words.BABIES)
    keyed = [word for table in pairs for pair in table for text in pair for word in re.split(r"[ _]", text)]
    units = [word for many, one, _ in words.UNITS for word in (many, *one.split("_"))]
    listed = (words.WORDS, words.NOUNS, words.FIRST_NAMES, words.ANIMALS, words.DAYS, words.MONTHS)
    legs = [animal for animal, _ in words.LEGS]
    plurals = [*words.IRREGULAR_PLURALS, *words.IRREGULAR_PLURALS.values()]
    return [*keyed, *units, *(word for table in listed for word in table), *legs, *plurals]


def train_tokenizer(weights: dict[str, float]) -> bytes:
    """A serialized SentencePiece model, the same for the same corpus: vocabulary of bytes, characters, whole words."""
    stream = dialogues(0, weights, {})
    said = [turn for dialogue in islice(stream, _SAMPLE) for turn in dialogue.turns]
    texts = [text for turn in said for text in (turn.prompt, turn.answer)]
    symbols = ["\u2581" + word for word in whole_words(texts)]
    korean = "".join(text for text in (*words.KO_WORDS, *SYSTEM_PROMPTS, *texts))
    hangul = sorted({c for c in korean if "가" <= c <= "힣"})
    characters = [*_ASCII, *hangul, "×", "÷", "\u2581"]
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
