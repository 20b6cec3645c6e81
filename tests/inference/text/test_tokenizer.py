"""Every kind of tokenizer keeps typed text as text, and streams it in complete characters."""

import random
from typing import Any

import pytest

from inference.text.tokenizer import StreamDecoder, Tokenizer
from tests.inference.text import kinds
from tests.inference.text.kinds import EVIL, KINDS, TEXTS, random_texts


def library_decodes(kind: str, ids: list[int]) -> str:
    """Return the text of ids from the library's own decode."""
    name = kind.split()[-1]
    if kind == "tekken":
        return str(kinds.tekken_peer().decode(ids))
    if kind.startswith("sentencepiece"):
        return str(kinds.sentencepiece_peer(name).decode(ids))
    return str(kinds.fast_peer(kinds.FAST[kind]).decode(ids))


@pytest.fixture(params=KINDS)
def kind(request: Any) -> str:
    return str(request.param)


def as_encoded(text: str, kind: str) -> str:
    """Return the text that a kind of tokenizer keeps: U+2581 may mean a space, and Metaspace may drop a first space."""
    if kind.startswith("byte-level") or kind == "tekken":
        return text
    text = text.replace("▁", " ")
    return text.removeprefix(" ") if "Metaspace" in kind else text


def streamed(tokenizer: Tokenizer, ids: list[int]) -> list[str]:
    decoder = StreamDecoder(tokenizer)
    return [*(decoder.push(token_id) for token_id in ids), decoder.flush()]


def control_pieces(tokenizer: Tokenizer) -> dict[str, int]:
    return {
        tokenizer.piece(token_id): token_id
        for token_id in range(tokenizer.vocab_size)
        if tokenizer.control_id(tokenizer.piece(token_id)) == token_id
    }


def test_a_stream_is_the_text_in_whole_characters_and_as_the_library_decodes_it(kind: str) -> None:
    tokenizer = KINDS[kind]()
    for text in [*TEXTS, *random_texts(120, seed=1)]:
        ids = tokenizer.encode(text)
        pieces = streamed(tokenizer, ids)
        assert "".join(pieces) == tokenizer.decode(ids) == library_decodes(kind, ids)
        assert "".join(pieces) == as_encoded(text, kind)
        assert "\ufffd" in text or not any("\ufffd" in piece for piece in pieces)


def test_any_ids_at_all_stream_as_the_library_decodes_them(kind: str) -> None:
    tokenizer, rng = KINDS[kind](), random.Random(2)
    for _ in range(500):
        ids = rng.choices(range(tokenizer.vocab_size), k=rng.randrange(1, 12))
        expected = library_decodes(kind, ids)
        if "\ufffd" not in expected:  # how many marks broken bytes become differs from library to library
            assert "".join(streamed(tokenizer, ids)) == expected


def test_no_typed_text_becomes_a_control_piece(kind: str) -> None:
    tokenizer = KINDS[kind]()
    control = control_pieces(tokenizer)
    ids = set(control.values()) | {
        token_id for token_id in range(tokenizer.vocab_size) if tokenizer.is_control(token_id)
    }
    assert {tokenizer.bos_id, tokenizer.eos_id} <= ids
    assert len(control) == len(ids), "every id that is never typed has a name, by which it is asked for"
    for name in list(control)[:60]:
        for shape in EVIL:
            text = shape.format(name)
            encoded = tokenizer.encode(text)
            assert ids.isdisjoint(encoded), text
            assert tokenizer.decode(encoded) == as_encoded(text, kind)


def test_control_pieces_have_no_text_but_a_name(kind: str) -> None:
    tokenizer = KINDS[kind]()
    bos, eos = tokenizer.bos_id, tokenizer.eos_id
    ids = [bos, *tokenizer.encode("Hello 한글"), eos]
    assert tokenizer.decode(ids) == "Hello 한글"
    assert tokenizer.decode(ids, shows_control=True) == f"{tokenizer.piece(bos)}Hello 한글{tokenizer.piece(eos)}"
    assert tokenizer.eos_ids == {eos}


def test_no_two_ids_share_a_name(kind: str) -> None:
    tokenizer = KINDS[kind]()
    assert len({tokenizer.piece(token_id) for token_id in range(tokenizer.vocab_size)}) == tokenizer.vocab_size


def test_a_lone_surrogate_is_refused(kind: str) -> None:
    with pytest.raises(ValueError, match="character 2 is a lone surrogate"):
        KINDS[kind]().encode("ab\ud800")


def test_half_a_character_at_the_end_is_a_mark_and_swallows_nothing(kind: str) -> None:
    tokenizer = KINDS[kind]()
    ids = tokenizer.encode("\U000e0001")  # no vocabulary has it whole
    assert tokenizer.decode(ids[:-1]).endswith("\ufffd")
    assert tokenizer.decode([*ids[:-1], *tokenizer.encode("a")]).strip(" \ufffd") == "a"


def test_a_continued_text_keeps_the_space_between_two_words() -> None:
    tokenizer = kinds.sentencepiece_kind("v3")
    prompt, more = tokenizer.encode("Once upon"), tokenizer.encode("a time")
    decoder = StreamDecoder(tokenizer, after=[tokenizer.bos_id, *prompt])
    assert "".join(map(decoder.push, more)) == " a time"
    decoder = StreamDecoder(tokenizer, after=[tokenizer.bos_id])
    assert "".join(map(decoder.push, more)) == "a time", "after BOS alone nothing stands before it"
