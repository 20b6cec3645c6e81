"""Plain CSV as columns, read without a loop over rows.

Nearly all votes files are plain. A block of lines is plain if it is UTF-8, has quotes only around complete fields
without commas and line ends, carriage returns only before a line's end, and as many commas in every line as the header.
Then the positions of commas and line ends are the fields, and the distinct texts of a column are found with arrays.
`rows`, which reads any CSV, continues from `offset` with what is not plain.

    R lines of a block, F fields of a line, V distinct texts
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

Index = NDArray[np.int64]
Words = NDArray[np.uint64]
Floats = NDArray[np.float64]

_BLOCK_BYTES = 2**22
_LONGEST_LINE = 2**24
_LONGEST_TEXT = 256
_LONGEST_NUMBER = 40
_COMMA, _LINE_END, _RETURN, _QUOTE = b',\n\r"'
_BOM = b"\xef\xbb\xbf"
_PAD = bytes(8)  # so that complete words can be read from the last field
_IS_NUMERIC = np.isin(np.arange(256), np.frombuffer(b"0123456789+-.eE", dtype=np.uint8))
_MASKS = np.array([(1 << (8 * n_bytes)) - 1 for n_bytes in range(9)], dtype=np.uint64)
# Odd and without a pattern (from the generator PCG64 with seed 0): word j of a text weighs _FACTORS[j] in its hash.
_FACTORS = np.random.default_rng(0).integers(0, 2**63, _LONGEST_TEXT // 8 + 1, dtype=np.uint64) * 2 + 1


class NotPlainError(Exception):
    """These lines are not plain."""


@dataclass(frozen=True, slots=True, eq=False)
class Block:
    """R plain lines, followed by eight zero bytes."""

    text: bytes
    starts: Index
    """(R,): where each line starts, in bytes."""
    ends: Index
    """(R, F): where each field ends."""
    is_quoted: NDArray[np.bool_] | None
    """(R, F): whether the field is in quotes; None: none is."""

    @classmethod
    def of(cls, text: bytes, n_fields: int) -> "Block":
        """Raises NotPlainError."""
        if not _is_utf8(text):
            raise NotPlainError
        bytes_ = np.frombuffer(text, dtype=np.uint8)
        places = np.flatnonzero((bytes_ == _COMMA) | (bytes_ == _LINE_END))
        if places.size % n_fields:
            raise NotPlainError
        ends = places.reshape(-1, n_fields)
        is_end = bytes_[ends] == _LINE_END
        if is_end[:, :-1].any() or not is_end[:, -1].all():
            raise NotPlainError
        starts = np.concatenate([[0], ends[:-1, -1] + 1])
        if b"\r" in text:
            if text.count(b"\r") != text.count(b"\r\n"):
                raise NotPlainError
            ends[:, -1] -= bytes_[ends[:, -1] - 1] == _RETURN
        return cls(text, starts, ends, _quoted(text, starts, ends))

    def __len__(self) -> int:
        return len(self.starts)

    def spans(self, column: int) -> tuple[Index, Index]:
        """(R,) each: where the fields of that column start, without quotes, and their number of bytes."""
        starts = self.ends[:, column - 1] + 1 if column else self.starts
        lengths = self.ends[:, column] - starts
        if self.is_quoted is not None:
            starts, lengths = starts + self.is_quoted[:, column], lengths - 2 * self.is_quoted[:, column]
        return starts, lengths

    def texts(self, row: int) -> list[str]:
        """The fields of one line."""
        spans = (self.spans(column) for column in range(self.ends.shape[1]))
        return [self.text[starts[row] : starts[row] + lengths[row]].decode() for starts, lengths in spans]

    def numbers(self, column: int) -> Floats:
        """(R,): the column as numbers, NaN for an empty field. Raises NotPlainError if one is not a number."""
        starts, lengths = self.spans(column)
        width = max(int(lengths.max(initial=0)), 3)
        if width > _LONGEST_NUMBER:
            raise NotPlainError
        places = np.minimum(starts[:, None] + np.arange(width), len(self.text) - 1)
        is_inside = np.arange(width) < lengths[:, None]
        found = np.where(is_inside, np.frombuffer(self.text, dtype=np.uint8)[places], 0).astype(np.uint8)
        if not (_IS_NUMERIC[found] | ~is_inside).all():
            raise NotPlainError
        is_empty = lengths == 0
        found[is_empty, :3] = np.frombuffer(b"nan", dtype=np.uint8)
        try:
            numbers = np.ascontiguousarray(found).view(f"S{width}")[:, 0].astype(np.float64)
        except ValueError as error:
            raise NotPlainError from error
        if not (np.isfinite(numbers) | is_empty).all():
            raise NotPlainError
        return numbers


def _quoted(text: bytes, starts: Index, ends: Index) -> NDArray[np.bool_] | None:
    """(R, F): which fields start and end with a quote; None: none. Raises NotPlainError for any other quotes, because
    commas or line ends may be between them."""
    if b'"' not in text:
        return None
    bytes_ = np.frombuffer(text, dtype=np.uint8)
    first = np.concatenate([starts[:, None], ends[:, :-1] + 1], axis=1)
    is_quoted: NDArray[np.bool_] = (bytes_[first] == _QUOTE) & (bytes_[ends - 1] == _QUOTE) & (ends - first >= 2)
    if text.count(b'"') != 2 * int(is_quoted.sum()):
        raise NotPlainError
    return is_quoted


def _is_utf8(text: bytes) -> bool:
    if not text.isascii():
        try:
            text.decode()
        except UnicodeDecodeError:
            return False
    return True


@dataclass(slots=True)
class PlainCsv:
    """The plain lines at the start of a file with this header. `file` is binary, at its start."""

    file: BinaryIO
    columns: Sequence[str]
    offset: int = 0
    """Bytes returned so far, with the header."""
    n_lines: int = 0
    """Lines returned so far, with the header."""
    is_whole: bool = False
    """Whether the end of the file was reached."""

    def blocks(self) -> Iterator[Block]:
        """The blocks up to the end of the file or to the first one that is not plain."""
        header = self.file.readline(_LONGEST_LINE)
        try:
            names = Block.of(header.removeprefix(_BOM) + _PAD, len(self.columns)).texts(0)
        except (NotPlainError, IndexError):  # the latter without a line's end
            return
        if names != list(self.columns):
            return
        self.offset, self.n_lines = len(header), 1
        rest = b""
        while True:
            more = self.file.read(_BLOCK_BYTES)
            whole = rest + more
            if not more and rest:
                whole += b"\n"
            n_bytes = whole.rfind(b"\n") + 1
            text, rest = whole[:n_bytes], whole[n_bytes:] if more else b""
            if len(rest) > _LONGEST_LINE:
                return
            if text:
                try:
                    block = Block.of(text + _PAD, len(self.columns))
                except NotPlainError:
                    return
                yield block
                self.offset += n_bytes
                self.n_lines += len(block)
            if not more:
                self.is_whole = True
                return


@dataclass(slots=True)
class Texts:
    """The V distinct texts of columns so far, each with a code: 0, 1, ... in the order of appearance.

    A hash finds the candidate and all bytes are compared, so equal codes are equal texts.
    """

    found: list[str] = field(default_factory=list)
    _hashes: Words = field(default_factory=lambda: np.zeros(1, dtype=np.uint64))
    """(V + 1,), the last one unused."""
    _words: Words = field(default_factory=lambda: np.zeros((1, 1), dtype=np.uint64))
    """(words, V + 1): the texts' bytes, eight at a time."""
    _lengths: Index = field(default_factory=lambda: np.full(1, -1, dtype=np.int64))
    _slots: Index = field(default_factory=lambda: np.full(2**10, -1, dtype=np.int64))
    """Open addressing: the code at the hash's place or the next free ones; -1: free."""

    def codes(self, block: Block, column: int) -> Index:
        """(R,): the codes of the texts of a column. Raises NotPlainError for a very long text."""
        starts, lengths = block.spans(column)
        words, hashes = _hashed(block.text, starts, lengths)
        if len(words) > len(self._words):
            self._words = np.pad(self._words, ((0, len(words) - len(self._words)), (0, 0)))
        codes = self._find(hashes)
        if (new := np.flatnonzero(codes < 0)).size:
            _, first = np.unique(hashes[new], return_index=True)
            rows = new[np.sort(first)]
            self._add(hashes[rows], words[:, rows], lengths[rows])
            self.found += [
                block.text[start : start + n].decode()
                for start, n in zip(starts[rows].tolist(), lengths[rows].tolist(), strict=True)
            ]
            codes[new] = self._find(hashes[new])
        is_right = self._lengths[codes] == lengths
        for j, known in enumerate(self._words):
            is_right &= known[codes] == (words[j] if j < len(words) else 0)
        if not is_right.all():  # two texts with one hash: never by chance
            raise NotPlainError
        return codes

    def _find(self, hashes: Words) -> Index:
        """(n,): the codes of texts with these hashes; -1: unknown."""
        size = len(self._slots)
        place = _places(hashes, size)
        codes = self._slots[place]
        search = np.flatnonzero((codes >= 0) & (self._hashes[codes] != hashes))
        while search.size:
            place[search] = (place[search] + 1) % size
            codes[search] = self._slots[place[search]]
            search = search[(codes[search] >= 0) & (self._hashes[codes[search]] != hashes[search])]
        return codes

    def _add(self, hashes: Words, words: Words, lengths: Index) -> None:
        n_before = len(self._hashes) - 1
        self._hashes = np.concatenate([self._hashes[:-1], hashes, [np.uint64(0)]])
        padded = np.zeros((len(self._words), len(hashes) + 1), dtype=np.uint64)
        padded[: len(words), :-1] = words
        self._words = np.concatenate([self._words[:, :-1], padded], axis=1)
        self._lengths = np.concatenate([self._lengths[:-1], lengths, [-1]])
        n_texts = len(self._hashes) - 1
        first = n_before
        if 4 * n_texts > len(self._slots):
            self._slots = np.full(2 ** int(8 * n_texts).bit_length(), -1, dtype=np.int64)
            first = 0
        size = len(self._slots)
        slots = self._slots
        for code, place in enumerate(_places(self._hashes[first:-1], size).tolist(), start=first):
            while slots[place] >= 0:
                place = (place + 1) % size
            slots[place] = code


def _hashed(text: bytes, starts: Index, lengths: Index) -> tuple[Words, Words]:
    """(words, R): the bytes of the fields, eight at a time and zeros after the end; and (R,): their hashes."""
    longest = int(lengths.max(initial=0))
    if longest > _LONGEST_TEXT:
        raise NotPlainError
    every_8 = np.ndarray((len(text) - 7,), dtype="<u8", buffer=text, strides=(1,))
    n_words = max(-(-longest // 8), 1)
    words = np.empty((n_words, len(starts)), dtype=np.uint64)
    hashes = lengths.astype(np.uint64) * _FACTORS[-1]
    for j in range(n_words):
        at = np.minimum(starts + 8 * j, len(every_8) - 1)
        words[j] = every_8[at] & _MASKS[np.clip(lengths - 8 * j, 0, 8)]
        hashes += words[j] * _FACTORS[j]
    return words, hashes


def _places(hashes: Words, size: int) -> Index:
    """The first slot to try: the high bits, which depend on all bytes of the text."""
    shift = np.uint64(64 - (size.bit_length() - 1))
    return ((hashes * np.uint64(0x9E3779B97F4A7C15)) >> shift).astype(np.int64)
