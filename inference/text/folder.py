"""Which of a model folder's files its tokenizer is read from, and where its answers end."""

from pathlib import Path

from inference.text import published
from inference.text.fast_tokenizer import FastTokenizer
from inference.text.sentencepiece_tokenizer import SentencePieceTokenizer
from inference.text.tekken import TekkenTokenizer
from inference.text.tokenizer import FAST_FILE, TEKKEN_FILE, TOKENIZER_FILE, Tokenizer, TokenizerError


def open_tokenizer(folder: Path) -> Tokenizer:
    """The tokenizer of a folder: tokenizer.model, else tokenizer.json, else tekken.json.

    A tokenizer.model that knows less than the model (added_tokens.json has ids beyond it) gives way to tokenizer.json.
    Raises TokenizerError where there is none, it is damaged, its library is not installed, or generation_config.json
    ends answers at an id that it does not have.
    """
    tokenizer = _open(folder)
    ends = published.eos_ids(folder)
    for token_id in ends:
        if not 0 <= token_id < tokenizer.vocab_size:
            raise TokenizerError(
                f"generation_config.json in {folder} ends answers at id {token_id}, and the tokenizer has ids up to "
                f"{tokenizer.vocab_size - 1}; both of the same model were expected"
            )
    tokenizer.eos_ids |= frozenset(ends)
    return tokenizer


def _open(folder: Path) -> Tokenizer:
    has_fast = (folder / FAST_FILE).is_file()
    if (folder / TOKENIZER_FILE).is_file():
        tokenizer = SentencePieceTokenizer(folder / TOKENIZER_FILE)
        if not has_fast or max(published.added_ids(folder), default=0) < tokenizer.vocab_size:
            return tokenizer
    if has_fast:
        return FastTokenizer(folder / FAST_FILE)
    if (folder / TEKKEN_FILE).is_file():
        return TekkenTokenizer(folder / TEKKEN_FILE)
    raise TokenizerError(f"no tokenizer in {folder}; put {TOKENIZER_FILE} there ({FAST_FILE} or {TEKKEN_FILE} will do)")
