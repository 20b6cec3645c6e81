import pytest

from arena.settings import load
from arena.ui.messages import LANGUAGES, messages
from arena.ui.plain.about import about_texts


@pytest.mark.parametrize("pace", ["equal", "together", "free"])
def test_the_about_page_says_what_speed_reveals_at_this_arenas_pace(pace: str) -> None:
    pages = about_texts(load({"battle": {"pace": pace}}, {}))
    for language in LANGUAGES:
        for other in ("equal", "together", "free"):
            assert (messages(language)(f"about_pace_{other}") in pages[language]) == (other == pace)
