"""What the about page says of the arena's own settings."""

import re
from dataclasses import replace
from html import unescape

import pytest
from markdown_it import MarkdownIt

from arena.rules.guardrails import SAFETY_PROMPT
from arena.settings import Settings, load
from arena.ui.messages import LANGUAGES, messages
from arena.ui.plain.about import about_texts

PROMPT = "*Be* <b>kind</b> & {pace}.\n\n# [now](http://a.example) ‘ 답하세요"


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_system_prompt_is_shown_as_it_is_and_with_the_safety_prompt(language: str) -> None:
    settings = Settings()
    without = about_texts(settings)[language]
    assert not re.search(r"\{\w", without), "a value is missing"
    for has_guardrails in (False, True):
        battle = replace(settings.battle, system_prompt=PROMPT, guardrails=has_guardrails)
        page = MarkdownIt("commonmark", {"html": True}).render(about_texts(replace(settings, battle=battle))[language])
        (paragraph,) = [one for one in re.findall(r"<p>.*?</p>", page, re.DOTALL) if "kind" in one]
        assert "<b>" not in paragraph + without
        assert "<em>" not in paragraph
        assert PROMPT in unescape(paragraph)
        assert (SAFETY_PROMPT in unescape(paragraph)) is has_guardrails


def test_the_page_says_that_texts_are_checked_only_where_they_are() -> None:
    moderation = {"base_url": "http://127.0.0.1:9/v1", "model": "judge", "answers_illegal": "block"}
    on, off = about_texts(load({"moderation": moderation}, {})), about_texts(load({}, {}))
    for language in LANGUAGES:
        assert messages(language)("about_moderation") in on[language]
        assert messages(language)("about_pace_together") in on[language]
        assert messages(language)("about_moderation") not in off[language]
