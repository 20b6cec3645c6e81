"""What a tokenizer is to the rest of the house, whichever file and library it comes from, and decoding as a stream.

Text that a person wrote is encoded as text and nothing else: no control id ever comes out of `encode`, so "[INST]" in a
prompt stays six characters. Control ids are asked for by name and put in by the chat template.

Decoding goes piece by piece rather than through a library's own `decode`, which cannot be streamed: SentencePiece's
drops the space before the first piece of whatever it is given, and all of them turn half a character into U+FFFD. Here
an id is its bytes (a control id has none), and an incremental UTF-8 decoder holds a character back until its last byte
came. Bytes that never become a character are U+FFFD, one for each broken sequence.

Which bytes an id stands for is the business of the file's own module: sentencepiece_tokenizer, fast_tokenizer, tekken.
"""

import codecs
from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence

TOKENIZER_FILE = "tokenizer.model"
FAST_FILE = "tokenizer.json"
TEKKEN_FILE = "tekken.json"
TOKENIZER_FILES = (TOKENIZER_FILE, FAST_FILE, TEKKEN_FILE)
"""In the order in which a folder is searched for them."""


class TokenizerError(ValueError):
    """A tokenizer file cannot be used; the message names it and says what was expected."""


def check_text(text: str) -> None:
    """ValueError for a lone surrogate, which JSON can carry and no encoding of a text can."""
    try:
        text.encode("utf-8")
    except UnicodeEncodeError as error:
        raise ValueError(f"character {error.start} is a lone surrogate; valid Unicode text was expected") from error


class Tokenizer(ABC):
    """Text to ids and back. `bos_id`, `eos_id` and `vocab_size` (the highest id and one) as in the file.

    An answer ends at any of `eos_ids`: EOS, and what else the model's generation_config.json ends it at. `chat_version`
    is the chat layout that the file itself names, None where it names none (only tekken files do).
    """

    bos_id: int
    eos_id: int
    eos_ids: frozenset[int]
    vocab_size: int
    chat_version: str | None = None

    def encode(self, text: str) -> list[int]:
        """Ids of `text`, without BOS and EOS; never a control id. ValueError for a lone surrogate, which is no text."""
        check_text(text)
        return self._encode(text)

    def decode(self, ids: Iterable[int], *, shows_control: bool = False) -> str:
        """Text of `ids`: what a StreamDecoder emits for them, in one string; control ids by name, if they are shown."""
        decoder, parts = StreamDecoder(self), []
        for token_id in ids:
            if shows_control and self.is_control(token_id):
                parts += [decoder.flush(), self.piece(token_id)]
            parts.append(decoder.push(token_id))
        return "".join([*parts, decoder.flush()])

    @abstractmethod
    def control_id(self, piece: str) -> int | None:
        """Id of the control piece with this name; None where there is none, or where that name is ordinary text."""

    @abstractmethod
    def is_control(self, token_id: int) -> bool:
        """Whether the id marks something (BOS, EOS, the turns of a chat) and has no text."""

    @abstractmethod
    def piece(self, token_id: int) -> str:
        """The file's own name of an id, such as "▁the", "<0x0A>" or "<s>"; no two ids share one."""

    @abstractmethod
    def piece_bytes(self, token_id: int, *, is_first: bool = False) -> bytes:
        """What one id adds to a text. The first piece is without the space that encoding puts before every text."""

    @abstractmethod
    def _encode(self, text: str) -> list[int]:
        """Ids of a text without lone surrogates."""


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
