"""The SentencePiece tokenizer of a model folder, and decoding one token at a time.

Text that a person wrote is encoded as text and nothing else: SentencePiece never parses control pieces from it, so
"[INST]" in a prompt stays six characters. Control ids are asked for by name and put in by the chat template.

Decoding goes piece by piece rather than through SentencePiece's own `decode`, which cannot be streamed: it drops the
space before the first piece of whatever it is given and turns half a character into U+FFFD. Here a piece is its bytes
(U+2581 is a space, <0xEC> one byte, a control piece nothing) and an incremental UTF-8 decoder holds a character back
until its last byte came. Bytes that never become a character are U+FFFD, one for each broken sequence.
"""

import codecs
from collections.abc import Iterable, Sequence
from pathlib import Path

import sentencepiece

TOKENIZER_FILE = "tokenizer.model"
_SPACE = "\u2581"  # how SentencePiece writes a space inside a piece


class TokenizerError(ValueError):
    """A tokenizer file cannot be used; the message names it and says what was expected."""


class Tokenizer:
    """SentencePiece ids of a text and back. `bos_id`, `eos_id` and `vocab_size` as in the file."""

    bos_id: int
    eos_id: int
    vocab_size: int

    def __init__(self, path: Path) -> None:
        """Read a SentencePiece model; TokenizerError when it is missing, damaged or has no BOS or EOS."""
        if not path.is_file():
            raise TokenizerError(f"no tokenizer in {path.parent}; put {path.name} there (a SentencePiece model)")
        processor = sentencepiece.SentencePieceProcessor()
        try:
            processor.load_from_serialized_proto(path.read_bytes())
        except (RuntimeError, OSError) as error:
            raise TokenizerError(
                f"{path} is not a SentencePiece model, or is damaged ({path.stat().st_size:,} bytes); "
                "copy it again from where it came"
            ) from error
        self._processor = processor
        self.bos_id, self.eos_id = processor.bos_id(), processor.eos_id()
        self.vocab_size = processor.vocab_size()
        if self.bos_id < 0 or self.eos_id < 0:
            raise TokenizerError(
                f"{path} has no BOS or no EOS piece (ids {self.bos_id}, {self.eos_id}); both were expected"
            )
        self._bytes = [self._piece_bytes(token_id) for token_id in range(self.vocab_size)]
        has_dummy_prefix = self._has_dummy_prefix()
        self._first_bytes = [
            piece.removeprefix(b" ") if has_dummy_prefix and not processor.is_unknown(token_id) else piece
            for token_id, piece in enumerate(self._bytes)
        ]

    @classmethod
    def from_folder(cls, folder: Path) -> "Tokenizer":
        """The tokenizer of a model folder: its tokenizer.model."""
        return cls(folder / TOKENIZER_FILE)

    def encode(self, text: str) -> list[int]:
        """Ids of `text`, without BOS and EOS; never a control id. ValueError for a lone surrogate, which is no text."""
        try:
            text.encode("utf-8")
        except UnicodeEncodeError as error:
            raise ValueError(f"character {error.start} is a lone surrogate; valid Unicode text was expected") from error
        ids: list[int] = self._processor.encode(text)
        return ids

    def decode(self, ids: Iterable[int]) -> str:
        """Text of `ids`: what a StreamDecoder emits for them, in one string."""
        decoder = StreamDecoder(self)
        return "".join([decoder.push(token_id) for token_id in ids]) + decoder.flush()

    def control_id(self, piece: str) -> int | None:
        """Id of the control piece with this name; None where there is none, or where that name is ordinary text."""
        token_id: int = self._processor.piece_to_id(piece)
        return token_id if self._processor.is_control(token_id) else None

    def piece_bytes(self, token_id: int, *, is_first: bool = False) -> bytes:
        """What one id adds to a text. The first piece is without the space that encoding puts before every text."""
        return (self._first_bytes if is_first else self._bytes)[token_id]

    def _piece_bytes(self, token_id: int) -> bytes:
        if self._processor.is_control(token_id):
            return b""
        if self._processor.is_byte(token_id):
            return bytes([int(self._processor.id_to_piece(token_id)[3:5], 16)])  # <0xEC>
        if self._processor.is_unknown(token_id):
            return str(self._processor.decode([token_id])).encode()  # the file's own mark for it, " ⁇ "
        return str(self._processor.id_to_piece(token_id)).replace(_SPACE, " ").encode()

    def _has_dummy_prefix(self) -> bool:
        """Whether encoding puts a space before a text, and SentencePiece's decoding takes it away again."""
        first = self._processor.encode("a")[0]
        return self._bytes[first].startswith(b" ") and not str(self._processor.decode([first])).startswith(" ")


class StreamDecoder:
    """Text of a growing list of ids; what `push` and `flush` return, joined, is the text of them all.

    `after` are ids that stand before the first one pushed (a prompt that is continued as plain text): the space of the
    first piece is then kept, since it separates two words.
    """

    def __init__(self, tokenizer: Tokenizer, *, after: Sequence[int] = ()) -> None:
        self._tokenizer = tokenizer
        self._characters = codecs.getincrementaldecoder("utf-8")(errors="replace")
        self._is_at_start = not any(map(tokenizer.piece_bytes, after))

    def push(self, token_id: int) -> str:
        """The characters that this id completes; "" while the last one is not whole."""
        piece = self._tokenizer.piece_bytes(token_id, is_first=self._is_at_start)
        self._is_at_start = self._is_at_start and not self._tokenizer.piece_bytes(token_id)
        return self._characters.decode(piece)

    def flush(self) -> str:
        """What is left when no id follows: U+FFFD for an unfinished character, else nothing."""
        return self._characters.decode(b"", final=True)
