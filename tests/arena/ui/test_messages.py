"""The sentences: both languages have the same keys, and every refusal, notice and reason has its sentence."""

import re
import string
import tomllib
from pathlib import Path
from typing import get_args

import pytest

import arena
from arena.rounds.views import SideState
from arena.service import NOTICES
from arena.ui.messages import LANGUAGES, messages, preferred_language
from db.codes import Reason


def _numbers(sentence: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(sentence) if name}


def test_both_languages_have_the_same_keys_and_as_many_examples() -> None:
    english, korean = messages("en"), messages("ko")
    assert english.texts.keys() == korean.texts.keys()
    assert len(english.examples) == len(korean.examples) >= 6


def test_both_languages_have_the_same_files_and_no_key_is_in_two_of_them() -> None:
    folder = Path(arena.__file__).parent / "ui" / "messages"
    english, korean = (
        {one.name: tomllib.loads(one.read_text("utf-8")).keys() for one in sorted((folder / language).glob("*.toml"))}
        for language in LANGUAGES
    )
    assert english == korean
    assert sum(map(len, english.values())) == len(messages("en").texts) + 1  # the examples


@pytest.mark.parametrize("key", messages("en").texts)
def test_a_sentence_names_the_same_numbers_in_both_languages(key: str) -> None:
    assert _numbers(messages("en").texts[key]) == _numbers(messages("ko").texts[key])


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_sentence_shouts(language: str) -> None:
    assert not [key for key, sentence in messages(language).texts.items() if "!" in sentence]


def test_every_refusal_notice_and_reason_has_its_sentence() -> None:
    sources = Path(arena.__file__).parent.rglob("*.py")
    refusals = {key for source in sources for key in re.findall(r'Refusal\(\s*"(\w+)"', source.read_text("utf-8"))}
    assert refusals
    keys = {f"refused_{key}" for key in refusals} | {f"notice_{key}" for key in NOTICES}
    keys |= {f"reason_{reason.label}" for reason in Reason} | {f"short_{reason.label}" for reason in Reason}
    keys |= {f"side_{state}" for state in get_args(SideState)}
    assert keys - messages("en").texts.keys() == set()
    told = {key for key in messages("en").texts if key.startswith("reason_")}
    assert told == {f"reason_{reason.label}" for reason in Reason}, "the about page lists them as the only ones"


def test_a_call_fills_in_the_numbers() -> None:
    assert messages("en")("votes_so_far", votes=3214) == "3,214 votes counted so far"


def test_an_unknown_language_is_an_error_that_names_the_known_ones() -> None:
    with pytest.raises(ValueError, match="language 'fr' is not one of en, ko"):
        messages("fr")


def test_an_unknown_key_is_an_error() -> None:
    with pytest.raises(KeyError, match="no_such_key"):
        messages("en")("no_such_key")


@pytest.mark.parametrize(
    ("cookies", "accept", "language"),
    [
        ({}, None, "en"),
        ({}, "", "en"),
        ({}, "ko-KR,ko;q=0.9,en;q=0.8", "ko"),
        ({}, "de-DE,de;q=0.9", "en"),
        ({}, "en;q=0.5, ko;q=0.8", "ko"),
        ({}, "ko;q=nonsense, en", "en"),
        ({"lang": "ko"}, "en-US", "ko"),
        ({"lang": "en"}, "ko", "en"),
        ({"lang": "../etc"}, "ko", "ko"),
    ],
)
def test_the_cookie_beats_the_browser_and_english_is_the_last_resort(
    cookies: dict[str, str], accept: str | None, language: str
) -> None:
    assert preferred_language(cookies, accept) == language


def test_words_agree_with_their_number() -> None:
    texts = messages("en")
    assert texts("refused_busy", n_running=1, limit=1).startswith("You have 1 battle in progress")
    assert texts("refused_busy", n_running=2, limit=2).startswith("You have 2 battles in progress")
    assert texts("n_tokens", n=1200) == "1,200 tokens"
    wrong = [key for key, text in texts.texts.items() if ":?" in text and not re.search(r":\?[^|{}]+\|[^|{}]+\}", text)]
    assert not wrong
