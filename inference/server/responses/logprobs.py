"""The JSON of log-probabilities, for chats and for text completions.

A token is shown as its text, with the space that begins a word; a control token by its name, such as </s>; bytes that
are not a character by themselves as OpenAI shows them, bytes:\\xec\\x95. There is one entry for each of
`usage.completion_tokens`, also for a last token without text.
"""

from collections.abc import Sequence
from typing import Any

from inference.engine.request import TokenLogprob
from inference.text.tokenizer import StreamDecoder, Tokenizer


def token_text(tokenizer: Tokenizer, token_id: int) -> str:
    """Return the text of a token, as shown in a list of tokens."""
    if tokenizer.is_control(token_id):
        return tokenizer.piece(token_id)
    piece = tokenizer.piece_bytes(token_id)
    try:
        return piece.decode()
    except UnicodeDecodeError:
        return "bytes:" + "".join(f"\\x{byte:02x}" for byte in piece)


def chat_logprobs(tokenizer: Tokenizer, entries: Sequence[TokenLogprob]) -> dict[str, Any]:
    """Return `logprobs` of a choice of /v1/chat/completions. Mistral's own library reads none without `token_id`."""

    def one(token_id: int, logprob: float) -> dict[str, Any]:
        shown, piece = token_text(tokenizer, token_id), list(tokenizer.piece_bytes(token_id))
        return {"token": shown, "token_id": token_id, "logprob": logprob, "bytes": piece}

    content = [
        {**one(entry.token_id, entry.logprob), "top_logprobs": [one(*likely) for likely in entry.top]}
        for entry in entries
    ]
    return {"content": content, "refusal": None}


class TextLogprobs:
    """Makes `logprobs` of a choice of /v1/completions, at once or chunk by chunk, and counts where tokens begin.

    `after` are the prompt's ids, unless the text repeats them. Offsets count characters of the choice's text; all
    tokens of one character have its offset.
    """

    def __init__(self, tokenizer: Tokenizer, *, after: Sequence[int] = ()) -> None:
        self._tokenizer = tokenizer
        self._decoder = StreamDecoder(tokenizer, after=after)
        self._n_chars = 0

    def add(self, ids: Sequence[int], entries: Sequence[TokenLogprob | None]) -> dict[str, Any]:
        """Return the next tokens. Their `entries` are None for the first token of a prompt, which follows nothing.

        Where two of the likeliest have the same text, the likelier one is shown.
        """
        tokens, offsets, top_logprobs = [], [], []
        for token_id, entry in zip(ids, entries, strict=True):
            tokens.append(token_text(self._tokenizer, token_id))
            offsets.append(self._n_chars)
            self._n_chars += len(self._decoder.push(token_id))
            top_logprobs.append(None if entry is None else self._likeliest(entry))
        return {
            "tokens": tokens,
            "token_logprobs": [None if entry is None else entry.logprob for entry in entries],
            "top_logprobs": top_logprobs,
            "text_offset": offsets,
        }

    def _likeliest(self, entry: TokenLogprob) -> dict[str, float]:
        """Return the likeliest tokens by their texts, with the token itself."""
        likeliest: dict[str, float] = {}
        for token_id, logprob in (*entry.top, (entry.token_id, entry.logprob)):
            likeliest.setdefault(token_text(self._tokenizer, token_id), logprob)
        return likeliest
