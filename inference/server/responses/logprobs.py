"""Log-probabilities as they go over the wire: the form of chats, and the older one of text completions.

A token is shown as its text, with the space that begins a word; a control token by its name, such as </s>; bytes that
are no character by themselves as OpenAI shows them, bytes:\\xec\\x95. The last token of an answer is among them even
where it has no text: there is one entry for each of `usage.completion_tokens`.
"""

from collections.abc import Sequence
from typing import Any

from inference.engine.request import TokenLogprob
from inference.text.tokenizer import StreamDecoder, Tokenizer


def token_text(tokenizer: Tokenizer, token_id: int) -> str:
    """One token as a reader sees it in a list of tokens."""
    if tokenizer.is_control(token_id):
        return tokenizer.piece(token_id)
    piece = tokenizer.piece_bytes(token_id)
    try:
        return piece.decode()
    except UnicodeDecodeError:
        return "bytes:" + "".join(f"\\x{byte:02x}" for byte in piece)


def chat_logprobs(tokenizer: Tokenizer, entries: Sequence[TokenLogprob]) -> dict[str, Any]:
    """`logprobs` of a choice of /v1/chat/completions."""

    def one(token_id: int, logprob: float) -> dict[str, Any]:
        text = token_text(tokenizer, token_id)
        return {"token": text, "logprob": logprob, "bytes": list(tokenizer.piece_bytes(token_id))}

    content = [
        {**one(entry.token_id, entry.logprob), "top_logprobs": [one(*likely) for likely in entry.top]}
        for entry in entries
    ]
    return {"content": content, "refusal": None}


class TextLogprobs:
    """`logprobs` of a choice of /v1/completions, whole or piece by piece: it keeps count of where tokens begin.

    `after` are the prompt's ids where the text does not repeat them. Offsets count characters of the choice's text; all
    tokens of one character begin where it does.
    """

    def __init__(self, tokenizer: Tokenizer, *, after: Sequence[int] = ()) -> None:
        self._tokenizer = tokenizer
        self._decoder = StreamDecoder(tokenizer, after=after)
        self._n_chars = 0

    def add(self, ids: Sequence[int], entries: Sequence[TokenLogprob | None]) -> dict[str, Any]:
        """The next tokens; None for the first of a prompt, which follows nothing.

        Where two of the likeliest look the same, the likelier one is shown.
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
        """The likeliest by their texts, and the token itself; of equal floats with it where it is one of them."""
        likeliest: dict[str, float] = {}
        for token_id, logprob in (*entry.top, (entry.token_id, entry.logprob)):
            likeliest.setdefault(token_text(self._tokenizer, token_id), logprob)
        return likeliest


def joined(parts: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Several pieces of one choice's `logprobs` as one."""
    return {name: [entry for part in parts for entry in part[name]] for name in parts[0]}
