"""The interface of every tokenizer, which never makes a control token of typed text.

Typed text is only ever encoded as text: `encode` never returns a control id, so "[INST]" in a prompt stays six
characters. The chat template looks control ids up by name, and inserts them.

Decoding works piece by piece, because a library's own `decode` cannot be streamed: SentencePiece's drops the space
before the first piece of whatever it is given, and all of them turn half a character into U+FFFD. Here an id is its
bytes (a control id has none), and an incremental UTF-8 decoder holds a character back until its last byte. Bytes that
never become a character are U+FFFD, one for each broken sequence.

The bytes of an id come from the modules of each file type: sentencepiece_tokenizer, fast_tokenizer, tekken.
"""

import codecs
import re
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence

TOKENIZER_FILE = "tokenizer.model"
FAST_FILE = "tokenizer.json"
TEKKEN_FILE = "tekken.json"
TOKENIZER_FILES = (TOKENIZER_FILE, FAST_FILE, TEKKEN_FILE)
"""In the order in which a folder is searched."""


MARK = re.compile(r"<[^<>\s]+>|\[[^\[\]\s]+\]")


def is_mark(piece: str) -> bool:
    """Whether the name of an added piece looks like a mark, such as <|im_end|> or [PAD], and not like a word."""
    return MARK.fullmatch(piece) is not None


class TokenizerError(ValueError):
    """A tokenizer file cannot be used. The message names it, and what was expected."""


def check_text(text: str) -> None:
    """Raise ValueError for a lone surrogate, which JSON may contain, but UTF-8 cannot encode."""
    try:
        text.encode("utf-8")
    except UnicodeEncodeError as error:
        raise ValueError(f"character {error.start} is a lone surrogate; valid Unicode text was expected") from error


class Tokenizer(ABC):
    """Text to ids and back. `bos_id`, `eos_id` and `vocab_size` (the highest id plus one) are the file's.

    An answer ends at any of `eos_ids`: EOS, and the ids of generation_config.json. `chat_version` is the chat layout
    that the file names; only tekken files do.
    """

    bos_id: int
    eos_id: int
    eos_ids: frozenset[int]
    vocab_size: int
    chat_version: str | None = None

    def encode(self, text: str) -> list[int]:
        """Return the ids of `text`, without BOS and EOS; never a control id. Raises ValueError for a lone surrogate."""
        check_text(text)
        return self._encode(text)

    def encode_parts(self, parts: Sequence[str | int]) -> list[int]:
        """Return the ids of texts and control ids in one sequence. Each text is encoded as by `encode`."""
        ids: list[int] = []
        for part in parts:
            ids += [part] if isinstance(part, int) else self.encode(part)
        return ids

    def decode(self, ids: Iterable[int], *, shows_control: bool = False) -> str:
        """Return the text of `ids`, as a StreamDecoder gives it; with `shows_control`, control ids by name."""
        decoder, parts = StreamDecoder(self), []
        for token_id in ids:
            if shows_control and self.is_control(token_id):
                parts += [decoder.flush(), self.piece(token_id)]
            parts.append(decoder.push(token_id))
        return "".join([*parts, decoder.flush()])

    @abstractmethod
    def control_id(self, piece: str) -> int | None:
        """Return the id of the control piece with this name; None where there is none, or the name is ordinary text."""

    @abstractmethod
    def control_pieces(self) -> Mapping[str, int]:
        """Return the names for which `control_id` has an id."""

    @abstractmethod
    def is_control(self, token_id: int) -> bool:
        """Whether the id is a mark without text: BOS, EOS, or a turn of a chat."""

    @abstractmethod
    def piece(self, token_id: int) -> str:
        """Return the file's name of an id, such as "▁the", "<0x0A>" or "<s>". Names are unique."""

    @abstractmethod
    def piece_bytes(self, token_id: int, *, is_first: bool = False) -> bytes:
        """Return the bytes that an id adds to a text. The first piece lacks the space that encoding adds to a text."""

    @abstractmethod
    def _encode(self, text: str) -> list[int]:
        """Encode a text without lone surrogates."""


class StreamDecoder:
    """The text of a growing list of ids: the results of `push` and `flush`, joined.

    `after` are ids before the first one pushed, where a prompt is continued as plain text. The space of the first piece
    is then kept, because it separates two words.
    """

    def __init__(self, tokenizer: Tokenizer, *, after: Sequence[int] = ()) -> None:
        self._tokenizer = tokenizer
        self._characters = codecs.getincrementaldecoder("utf-8")(errors="replace")
        self._is_at_start = not any(map(tokenizer.piece_bytes, after))

    def push(self, token_id: int) -> str:
        """Return the characters that this id completes; "" in the middle of a character."""
        piece = self._tokenizer.piece_bytes(token_id, is_first=self._is_at_start)
        self._is_at_start = self._is_at_start and not self._tokenizer.piece_bytes(token_id)
        return self._characters.decode(piece)

    def flush(self) -> str:
        """Return U+FFFD for an unfinished last character, else "", when no id follows."""
        return self._characters.decode(b"", final=True)
