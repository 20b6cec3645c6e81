"""Cut an answer's text at its token limit where the server does not.

Such a server was asked for more tokens, because its model reasons, or for no limit. Only the server knows how many
tokens a piece of text has, and it sends the count at the end or never. So the arena estimates: a piece of up to 16
bytes counts as one token, which it is with most servers; a longer piece counts as one token for every 4 bytes, which is
about right for English and for Korean.
"""

import math

_BYTES_OF_ONE_TOKEN = 16
_BYTES_PER_TOKEN = 4


class TokenLimit:
    """Cuts the text of one answer after `n_tokens`; None cuts nothing."""

    def __init__(self, n_tokens: int | None) -> None:
        self._left = n_tokens
        self.is_reached = False

    def cut(self, text: str) -> str:
        """Return as much of the next piece as the limit allows."""
        if self._left is None:
            return text
        n_bytes = len(text.encode())
        n_tokens = 1 if n_bytes <= _BYTES_OF_ONE_TOKEN else math.ceil(n_bytes / _BYTES_PER_TOKEN)
        if n_tokens <= self._left:
            self._left -= n_tokens
            return text
        left, self._left = self._left, 0
        self.is_reached = True
        return text.encode()[: left * _BYTES_PER_TOKEN].decode(errors="ignore")

    def cut_whole(self, text: str, n_tokens: int | None) -> str:
        """Return as much of an unstreamed answer as the limit allows; `n_tokens` is the server's count of it."""
        if self._left is None or not text:
            return text
        if n_tokens is None:
            return self.cut(text)
        if n_tokens <= self._left:
            return text
        self.is_reached = True
        return text[: max(1, len(text) * self._left // n_tokens)]
