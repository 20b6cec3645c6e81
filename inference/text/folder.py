"""Which tokenizer a model folder has, and where its answers end."""

from pathlib import Path

from inference.text import published
from inference.text.fast_tokenizer import FastTokenizer
from inference.text.sentencepiece_tokenizer import SentencePieceTokenizer
from inference.text.tekken import TekkenTokenizer
from inference.text.tokenizer import FAST_FILE, TEKKEN_FILE, TOKENIZER_FILE, Tokenizer, TokenizerError


def open_tokenizer(folder: Path, *, n_ids: int | None = None, prefers_fast: bool = False) -> Tokenizer:
    """Open a folder's tokenizer: tokenizer.model, else tokenizer.json, else tekken.json.

    A tokenizer.json takes precedence over a tokenizer.model that lacks ids of added_tokens.json, and where it is
    preferred. A tokenizer.model by itself gets the added pieces, if the model has as many ids (`n_ids`). Raises
    TokenizerError where there is none, it is damaged, its library is missing, or generation_config.json ends answers at
    an unknown id.
    """
    tokenizer = _open(folder, n_ids, prefers_fast=prefers_fast)
    ends = published.eos_ids(folder)
    for token_id in ends:
        if not 0 <= token_id < tokenizer.vocab_size:
            raise TokenizerError(
                f"generation_config.json in {folder} ends answers at id {token_id}, and the tokenizer's ids end at "
                f"{tokenizer.vocab_size - 1}; files of the same model were expected"
            )
    tokenizer.eos_ids |= frozenset(ends)
    end = tokenizer.control_id(published.special_tokens(folder).get("eos_token") or "")
    if end is not None:
        tokenizer.eos_ids |= {end}
    return tokenizer


def _open(folder: Path, n_ids: int | None, *, prefers_fast: bool) -> Tokenizer:
    has_fast = (folder / FAST_FILE).is_file()
    if (folder / TOKENIZER_FILE).is_file() and not (has_fast and prefers_fast):
        added = published.added_pieces(folder)
        tokenizer = SentencePieceTokenizer(
            folder / TOKENIZER_FILE,
            added={piece: token_id for piece, token_id in added.items() if n_ids is None or token_id < n_ids},
            has_space_after_marks=published.has_space_after_marks(folder),
        )
        if not has_fast or not tokenizer.has_added_pieces:
            return tokenizer
    if has_fast:
        return FastTokenizer(folder / FAST_FILE)
    if (folder / TEKKEN_FILE).is_file():
        return TekkenTokenizer(folder / TEKKEN_FILE)
    raise TokenizerError(f"no tokenizer in {folder}; put {TOKENIZER_FILE}, {FAST_FILE} or {TEKKEN_FILE} there")
