"""Tokenizers in tekken.json, read by the optional library `mistral-common`.

A piece is bytes, which may be part of a character; no space is put before a text. Control pieces have the lowest ids
and are not in the vocabulary that encodes text, so typed text never becomes one.
"""

from collections.abc import Mapping
from pathlib import Path

from inference.text.tokenizer import Tokenizer, TokenizerError


class TekkenTokenizer(Tokenizer):
    def __init__(self, path: Path) -> None:
        """Read a tekken.json. Raises TokenizerError where the library is missing or refuses the file."""
        try:
            from mistral_common.tokens.tokenizers.tekken import Tekkenizer
        except ImportError as error:
            raise TokenizerError(f"{path} needs the mistral-common library; pip install mistral-common") from error
        try:
            self._library = Tekkenizer.from_file(path)
        except (ValueError, KeyError, TypeError, AttributeError, AssertionError, RecursionError) as error:
            reason = f"{type(error).__name__}: {str(error)[:200]}"
            raise TokenizerError(f"{path} is not a tekken file that mistral-common can read ({reason})") from error
        self.bos_id, self.eos_id = self._library.bos_id, self._library.eos_id
        self.eos_ids = frozenset({self.eos_id})
        self.vocab_size = self._library.n_words
        self.chat_version = self._library.version.value
        self._control = {self.piece(token_id): token_id for token_id in range(self._library.num_special_tokens)}

    def control_id(self, piece: str) -> int | None:
        return self._control.get(piece)

    def control_pieces(self) -> Mapping[str, int]:
        return self._control

    def is_control(self, token_id: int) -> bool:
        return token_id < self._library.num_special_tokens

    def piece(self, token_id: int) -> str:
        """Return the text of a piece, or OpenAI's form for bytes that are not text, such as "bytes:\\xec\\x95"."""
        if self.is_control(token_id):
            return str(self._library.id_to_piece(token_id))
        piece = self.piece_bytes(token_id)
        try:
            return piece.decode()
        except UnicodeDecodeError:
            return "bytes:" + "".join(f"\\x{byte:02x}" for byte in piece)

    def piece_bytes(self, token_id: int, *, is_first: bool = False) -> bytes:
        return bytes(self._library.id_to_byte_piece(token_id))

    def _encode(self, text: str) -> list[int]:
        ids: list[int] = self._library.encode(text, bos=False, eos=False)
        return ids
