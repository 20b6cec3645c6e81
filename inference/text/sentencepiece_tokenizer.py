"""Tokenizers in tokenizer.model, a SentencePiece file.

Mistral (v1, v2, v3), Llama 2 and TinyLlama have one. SentencePiece never parses control pieces in a text. A piece is
its bytes: U+2581 is a space, <0xEC> one byte, a control piece none.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path

import sentencepiece

from inference.text.tokenizer import Tokenizer, TokenizerError, is_mark

_SPACE = "\u2581"  # how SentencePiece writes a space inside a piece


class SentencePieceTokenizer(Tokenizer):
    def __init__(
        self, path: Path, *, added: Mapping[str, int] | None = None, has_space_after_marks: bool = True
    ) -> None:
        """Read a SentencePiece model. Raises TokenizerError where it is missing, damaged, or without BOS or EOS.

        `added` are pieces after the file's own, which fine-tuning added. Those that look like marks are control pieces.
        `has_space_after_marks`: a text after a control piece begins with a space, as at the start of a text.
        """
        if not path.is_file():
            raise TokenizerError(f"no tokenizer in {path.parent}; put {path.name} there (a SentencePiece model)")
        processor = sentencepiece.SentencePieceProcessor()
        try:
            processor.load_from_serialized_proto(path.read_bytes())
        except (RuntimeError, OSError) as error:
            raise TokenizerError(
                f"{path} is not a SentencePiece model, or is damaged ({path.stat().st_size:,} bytes); "
                "copy it again from its source"
            ) from error
        self._processor = processor
        self.bos_id, self.eos_id = processor.bos_id(), processor.eos_id()
        self.vocab_size = processor.vocab_size()
        if self.bos_id < 0 or self.eos_id < 0:
            raise TokenizerError(
                f"{path} has no BOS or no EOS piece (ids {self.bos_id}, {self.eos_id}); both were expected"
            )
        self.eos_ids = frozenset({self.eos_id})
        self._n_own = self.vocab_size
        self._added = {token_id: piece for piece, token_id in (added or {}).items() if token_id >= self._n_own}
        self.vocab_size = max(self._n_own, *(token_id + 1 for token_id in self._added), 0)
        self._has_space_after_marks = has_space_after_marks
        self._control = {piece: token_id for token_id, piece in self._added.items() if is_mark(piece)} | {
            self.piece(token_id): token_id for token_id in range(self._n_own) if processor.is_control(token_id)
        }
        self._control_ids = {*self._control.values()}
        self._bytes = [self._piece_bytes(token_id) for token_id in range(self.vocab_size)]
        has_dummy_prefix = self._has_dummy_prefix()
        self._first_bytes = [
            piece.removeprefix(b" ")
            if has_dummy_prefix and token_id < self._n_own and not processor.is_unknown(token_id)
            else piece
            for token_id, piece in enumerate(self._bytes)
        ]

    @property
    def has_added_pieces(self) -> bool:
        return bool(self._added)

    def control_id(self, piece: str) -> int | None:
        return self._control.get(piece)

    def control_pieces(self) -> Mapping[str, int]:
        return self._control

    def encode_parts(self, parts: Sequence[str | int]) -> list[int]:
        if self._has_space_after_marks:
            return super().encode_parts(parts)
        ids: list[int] = []
        for part in parts:
            ids += [part] if isinstance(part, int) else self._encode_inside(part) if ids else self.encode(part)
        return ids

    def is_control(self, token_id: int) -> bool:
        return token_id in self._control_ids

    def piece(self, token_id: int) -> str:
        if token_id < self._n_own:
            return str(self._processor.id_to_piece(token_id))
        return self._added.get(token_id, f"<unused {token_id}>")

    def piece_bytes(self, token_id: int, *, is_first: bool = False) -> bytes:
        return (self._first_bytes if is_first else self._bytes)[token_id]

    def _encode(self, text: str) -> list[int]:
        ids: list[int] = self._processor.encode(text)
        return ids

    def _encode_inside(self, text: str) -> list[int]:
        """Encode a text without the space before it. No piece of the file contains a line break and other text."""
        before = self.encode("\n")
        return self.encode(f"\n{text}")[len(before) :]

    def _piece_bytes(self, token_id: int) -> bytes:
        if self.is_control(token_id):
            return b""
        if token_id >= self._n_own:
            return self._added.get(token_id, "").encode()
        if self._processor.is_byte(token_id):
            return bytes([int(self.piece(token_id)[3:5], 16)])  # <0xEC>
        if self._processor.is_unknown(token_id):
            return str(self._processor.decode([token_id])).encode()  # the file's own mark for it, " ⁇ "
        return self.piece(token_id).replace(_SPACE, " ").encode()

    def _has_dummy_prefix(self) -> bool:
        """Whether encoding puts a space before a text, and decoding removes it."""
        first = self._processor.encode("a")[0]
        return self._bytes[first].startswith(b" ") and not str(self._processor.decode([first])).startswith(" ")
