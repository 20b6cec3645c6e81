"""What a page loads, with the files of the installed Gradio."""

import json
import logging
import re
from functools import cache
from pathlib import Path

import gradio as gr
import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from arena import ui
from arena.settings import Settings
from arena.ui.framework.frontend import Frontend
from arena.ui.framework.frontend_files import FrontendFiles
from tests.arena.ui.fake_arena import FakeArena


@cache
def _pages() -> tuple[gr.Blocks, bytes]:
    """Return the pages, and the battle page as Gradio serves it."""
    pages = ui.build(FakeArena(), Settings(), visitor_of=lambda _request: None)  # type: ignore[arg-type, return-value]
    app = ui.mount(FastAPI(), pages, Settings())
    return pages, TestClient(app).get("/").content


def _sheets(head: str) -> tuple[list[str], list[str]]:
    """Return the style sheets that a browser loads, and the disabled ones."""
    links = re.findall(r'<link rel="stylesheet"([^>]*) href="([^"]+)"', head)
    return [href for how, href in links if "disabled" not in how], [href for how, href in links if "disabled" in how]


def test_a_page_names_what_it_loads_and_all_of_it_is_in_memory() -> None:
    pages, page = _pages()
    frontend = ui.frontend(pages)
    text = frontend.changed(page, "/", "en").decode()
    scripts = re.findall(r'<link rel="modulepreload" crossorigin href="\.([^"]+)"', text)
    first, *_ = re.findall(r'<script type="module" crossorigin src="\.([^"]+)"', text)
    loaded, disabled = _sheets(text)
    assert scripts[0] == first
    assert len(scripts) > 20
    assert len(loaded) == 2
    for path in (*scripts, *(href.removeprefix(".") for href in loaded)):
        assert frontend.assets[path]
    whole = frontend.assets[loaded[1].removeprefix(".")].decode()
    assert pages.theme_css in whole
    for href in disabled:
        assert "/theme.css?v=" in href or FrontendFiles().text(href.rpartition("/")[2]) in whole


def test_the_page_has_one_language_and_no_script_for_frames() -> None:
    pages, page = _pages()
    text = ui.frontend(pages).changed(page, "/", "ko").decode()
    config = json.loads(re.search(r"window\.gradio_config = (\{.*?\});</script>", text, re.DOTALL)[1])  # type: ignore[index]
    assert list(config["i18n_translations"]) == ["ko"]
    assert b"static/js/iframeResizer" in page
    assert "static/js/iframeResizer" not in text
    assert text.count("<script") == page.count(b"<script") - 1


def test_another_build_of_gradio_is_served_as_it_is(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    pages, page = _pages()
    (tmp_path / "index.html").write_text("<head></head>", encoding="utf-8")
    monkeypatch.setattr(logging.getLogger("arena.ui.framework.frontend"), "disabled", False)  # a migration disables it
    with caplog.at_level(logging.WARNING, logger="arena.ui.framework.frontend"):
        frontend = Frontend(pages, theme="", sentences={}, files=FrontendFiles(tmp_path))
    assert frontend.changed(page, "/", "en") == page
    assert not frontend.assets
    assert "does not name its script" in caplog.text


def test_an_unknown_kind_of_component_is_an_error() -> None:
    with pytest.raises(LookupError, match="does not know the component 'hologram'"):
        FrontendFiles().loaded(["textbox", "hologram"])
