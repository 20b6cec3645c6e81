"""[[links]] and [[examples]] of the settings file."""

from typing import Any

import pytest

from arena.settings import Example, Link, SettingsError, load
from arena.ui.examples import N_SHOWN, offered
from arena.ui.messages import messages

IMPRINT = {"text": "Imprint", "url": "https://example.org/imprint?x=1#y"}


def test_links_and_examples_are_read() -> None:
    found = load({"links": [IMPRINT], "examples": [{"text": "안녕?", "tags": ["talk"], "language": "ko"}]}, {})
    assert found.links == (Link("Imprint", "https://example.org/imprint?x=1#y"),)
    assert found.examples == (Example("안녕?", ("talk",), "ko"),)


@pytest.mark.parametrize(
    ("toml", "expected"),
    [
        ({"links": {}}, r"under its own \[\[links\]\]"),
        ({"links": [{"text": "Imprint"}]}, r"number 1: no url; expected text and url"),
        ({"links": [IMPRINT, IMPRINT | {"url": "javascript:alert(1)"}]}, r"number 2 url: 'javascript.*https://"),
        ({"links": [IMPRINT | {"url": "http://example.org"}]}, "begins with https://"),
        ({"links": [IMPRINT | {"url": "https://a:b@example.org"}]}, "begins with https://"),
        ({"links": [IMPRINT | {"text": " "}]}, "expected 1 to 60 printable characters"),
        ({"links": [IMPRINT | {"txet": ""}]}, "did you mean 'text'"),
        ({"links": [IMPRINT | {"language": "fr"}]}, "not one of en, ko"),
        ({"examples": [{"text": "x" * 201}]}, "expected 1 to 200 printable characters"),
        ({"examples": [{"text": "a\nb"}]}, "expected 1 to 200 printable characters"),
        ({"examples": [{"tags": ["a"]}]}, "no text; expected text"),
        ({"examples": [{"text": "a", "tags": [""]}]}, "tags: ''; expected 1 to 40"),
    ],
)
def test_a_wrong_entry_is_named(toml: dict[str, Any], expected: str) -> None:
    with pytest.raises(SettingsError, match=expected):
        load(toml, {})


def test_a_page_offers_six_examples_of_the_visitors_language_first() -> None:
    korean = [Example(f"질문 {n}", (), "ko") for n in range(4)]
    english = [Example(f"prompt {n}", (), "en") for n in range(20)]
    shown = offered([*english, *korean], "ko")
    assert len(shown) == N_SHOWN
    assert set(shown[:4]) == {one.text for one in korean}
    assert {offered(english, "en") for _ in range(20)} != {shown}, "in random order"
    assert offered((), "ko") == messages("ko").examples
