"""Tokenizers in tokenizer.json, read by the optional library `tokenizers`.

By default the library parses added tokens in any text, so a user who types "</s>" ends the prompt. Here encoding
ignores special tokens, and every added token that looks like a mark (<…> or […]) but is not declared special: typed
text stays text. Words that the file adds are parsed as usual.

Two kinds of files are read, known by their decoder: byte-level BPE (Llama 3, Mistral Nemo), where each character of a
piece is a byte, and SentencePiece's BPE as Hugging Face converts it (Llama 2, Mistral), where U+2581 is a space and
<0xEC> a byte. Any other is refused, because its streamed text might not be exact.
"""

import json
import re
import secrets
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from inference.text import published
from inference.text.tokenizer import Tokenizer, TokenizerError, check_text, is_mark

_BYTE_PIECE = re.compile(r"<0x([0-9A-F]{2})>")
_FLAGS = ("lstrip", "rstrip", "single_word")  # what an added piece takes with it, and where it is found
_PARSED_BY_DEFAULT = (False, False, False)
_SPACE = "\u2581"
_BYTE_LEVEL = {"ByteLevel", "Fuse"}
_CONVERTED = {"Replace", "ByteFallback", "Fuse", "Strip"}


class FastTokenizer(Tokenizer):
    def __init__(self, path: Path) -> None:
        """Read a tokenizer.json, and the files beside it that name BOS and EOS.

        Raises TokenizerError where the library is missing, the file is damaged or of another kind, or no file names BOS
        and EOS.
        """
        file = _read(path)
        self._library = _load(path, file)
        ids: dict[str, int] = self._library.get_vocab(with_added_tokens=True)
        self._pieces = {token_id: piece for piece, token_id in ids.items()}
        self.vocab_size = max(self._pieces) + 1
        bos, eos = (published.special_id(path.parent, which, ids) for which in ("bos", "eos"))
        if bos is None or eos is None:
            raise TokenizerError(
                f"no file in {path.parent} names BOS and EOS of {path.name}; tokenizer_config.json (bos_token, "
                "eos_token) or config.json (bos_token_id, eos_token_id) was expected beside it"
            )
        self.bos_id, self.eos_id, self.eos_ids = bos, eos, frozenset({eos})

        added = {token["id"]: token for token in file["added_tokens"]}
        self._how_parsed = {token_id: tuple(token[flag] for flag in _FLAGS) for token_id, token in added.items()}
        self._stand_in_of: dict[tuple[bool, ...], str] = {}
        self._stand_ins: set[int] = set()
        self._control = {bos, eos, *(token_id for token_id, token in added.items() if token["special"])}
        self._never_typed = self._control | {token_id for token_id, token in added.items() if is_mark(token["content"])}
        to_bytes = _of_byte_level if _decoders(file) <= _BYTE_LEVEL else _of_converted
        self._bytes = {token_id: to_bytes(piece) for token_id, piece in self._pieces.items()}
        self._bytes |= {token_id: token["content"].encode() for token_id, token in added.items()}
        self._bytes |= dict.fromkeys(self._control, b"")
        self._drops_first_space = "Strip" in _decoders(file)

    def control_id(self, piece: str) -> int | None:
        token_id = self._library.token_to_id(piece)
        return token_id if token_id in self._never_typed else None

    def control_pieces(self) -> Mapping[str, int]:
        return {self._pieces[token_id]: token_id for token_id in self._never_typed}

    def encode_parts(self, parts: Sequence[str | int]) -> list[int]:
        """Encode each text as the library does beside control pieces: some files put a space only before the first.

        The library parses stand-ins, whose names nobody can guess, and they are replaced by the ids.
        """
        names = [part if isinstance(part, str) else self._stand_in(part) for part in parts]
        for text in parts:
            if isinstance(text, str):
                check_text(text)
        control = iter([part for part in parts if isinstance(part, int)])
        ids: list[int] = self._library.encode("".join(names), add_special_tokens=False).ids
        if not self._never_typed.isdisjoint(ids):
            raise self._refused(ids)
        return [next(control) if token_id in self._stand_ins else token_id for token_id in ids]

    def is_control(self, token_id: int) -> bool:
        return token_id in self._control

    def piece(self, token_id: int) -> str:
        return self._pieces.get(token_id, f"<unused {token_id}>")

    def piece_bytes(self, token_id: int, *, is_first: bool = False) -> bytes:
        piece = self._bytes.get(token_id, b"")
        return piece.removeprefix(b" ") if is_first and self._drops_first_space else piece

    def _encode(self, text: str) -> list[int]:
        ids: list[int] = self._library.encode(text, add_special_tokens=False).ids
        if not self._never_typed.isdisjoint(ids):
            raise self._refused(ids)
        return ids

    def _refused(self, ids: list[int]) -> ValueError:
        marks = ", ".join(sorted({self.piece(token_id) for token_id in self._never_typed.intersection(ids)}))
        return ValueError(f"the text has {marks}, which this tokenizer.json cannot encode as plain text")

    def _stand_in(self, token_id: int) -> str:
        """Return the name of a piece that the library parses as it would parse this one."""
        kind = self._how_parsed.get(token_id, _PARSED_BY_DEFAULT)
        if kind not in self._stand_in_of:
            import tokenizers

            name = f"<{secrets.token_hex(16)}>"
            flags = dict(zip(_FLAGS, kind, strict=True))
            self._library.add_tokens([tokenizers.AddedToken(name, special=False, normalized=False, **flags)])
            self._stand_in_of[kind] = name
            self._stand_ins.add(self._library.token_to_id(name))
        return self._stand_in_of[kind]


def _load(path: Path, file: dict[str, Any]) -> Any:
    """Return the library's tokenizer, which encodes marks as text, and neither truncates nor pads."""
    try:
        import tokenizers
    except ImportError as error:
        raise TokenizerError(f"{path} needs the tokenizers library; pip install tokenizers") from error
    marked = [{**token, "special": token["special"] or is_mark(token["content"])} for token in file["added_tokens"]]
    try:
        library = tokenizers.Tokenizer.from_str(json.dumps({**file, "added_tokens": marked}))
    except Exception as error:  # the library raises plain Exception
        raise _damaged(path, error) from error
    library.encode_special_tokens = True
    library.no_truncation()
    library.no_padding()
    return library


def _read(path: Path) -> dict[str, Any]:
    """Read the file, and check the parts used here."""
    try:
        file: dict[str, Any] = json.loads(path.read_bytes())
        kind, decoders = file["model"]["type"], _decoders(file)
        file["added_tokens"] = [
            {
                **dict.fromkeys(_FLAGS, False),
                **token,
                "id": int(token["id"]),
                "content": str(token["content"]),
                "special": bool(token["special"]),
            }
            for token in file.get("added_tokens") or []
        ]
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise _damaged(path, error) from error
    if kind != "BPE":
        raise TokenizerError(f"{path} has a {kind} model; BPE was expected, as in Mistral and Llama")
    is_known = "ByteLevel" in decoders and decoders <= _BYTE_LEVEL
    is_known |= {"Replace", "ByteFallback"} <= decoders <= _CONVERTED and _replaces_and_strips_one_space(file)
    if not is_known:
        raise TokenizerError(
            f"{path} decodes with {', '.join(sorted(decoders)) or 'nothing'}; ByteLevel was expected, or Replace, "
            "ByteFallback, Fuse and Strip of one space before a text"
        )
    return file


def _damaged(path: Path, error: Exception) -> TokenizerError:
    return TokenizerError(f"{path} is not a tokenizer.json, or is damaged: {type(error).__name__}: {error}")


def _decoders(file: dict[str, Any]) -> set[str]:
    """Return the names of the decoder's steps."""
    return {str(step["type"]) for step in _steps(file)}


def _steps(file: dict[str, Any]) -> list[dict[str, Any]]:
    decoder = file.get("decoder") or {"type": "Sequence", "decoders": []}
    return list(decoder["decoders"]) if decoder["type"] == "Sequence" else [decoder]


def _replaces_and_strips_one_space(file: dict[str, Any]) -> bool:
    wanted: dict[str, dict[str, Any]] = {
        "Replace": {"pattern": {"String": _SPACE}, "content": " "},
        "Strip": {"content": " ", "start": 1, "stop": 0},
    }
    return all(step.get(key) == value for step in _steps(file) for key, value in wanted.get(step["type"], {}).items())


def _of_converted(piece: str) -> bytes:
    byte = _BYTE_PIECE.fullmatch(piece)
    return bytes([int(byte[1], 16)]) if byte else piece.replace(_SPACE, " ").encode()


def _of_byte_level(piece: str) -> bytes:
    if all(character in _BYTE_OF for character in piece):
        return bytes(_BYTE_OF[character] for character in piece)
    return piece.encode()


def _byte_level_alphabet() -> dict[str, int]:
    """Return GPT-2's alphabet: a printable byte of Latin-1 is its own character, the others are U+0100 on, in order."""
    own = {*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)}
    others = [byte for byte in range(256) if byte not in own]
    return {chr(byte): byte for byte in own} | {chr(0x100 + n): byte for n, byte in enumerate(others)}


_BYTE_OF = _byte_level_alphabet()
