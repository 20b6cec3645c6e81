import re
import warnings

import gradio
from fastapi import FastAPI
from starlette.requests import Request
from starlette.testclient import TestClient

from arena.web.html.texts import Texts


class Korean:
    """Texts that are easy to find."""

    def language(self, request: Request) -> str:
        return "ko"

    def head(self, request: Request) -> str:
        return f'<title>제목 {request.url.path}</title><meta property="og:title" content="제목">'

    def theme(self, request: Request) -> str:
        return request.query_params.get("theme", "system")

    def style(self, request: Request) -> str:
        return "<style>p { color: red }</style>"

    def above(self, request: Request) -> str:
        return "<header>위</header>"

    def below(self, request: Request) -> str:
        return "<footer>아래</footer>"

    def not_found(self, request: Request) -> str:
        return ""


def _page(path: str = "/") -> str:
    with gradio.Blocks(title="A title of <Gradio>") as blocks:
        pass
    with blocks.route("About", "about"):
        pass
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "SSR mode", UserWarning)  # Gradio warns although it is off
        app = gradio.mount_gradio_app(FastAPI(), blocks, path="/", ssr_mode=False)
    return TestClient(Texts(app, pages=("/", "/about"), texts=Korean())).get(path).text


def test_nothing_is_left_of_what_gradio_says_about_itself() -> None:
    page = _page()
    head = re.sub(r"<script.*?</script>", "", page.partition("</head>")[0], flags=re.DOTALL)
    assert re.findall(r"""<meta\s+(?:property|name)="((?:og|twitter):[^"]*)""", page) == ["og:title"]
    assert "Click to try out" not in page
    assert "gradio.app" not in head.lower()
    assert page.count("<title>") == 1
    assert "control_page_title" not in page


def test_each_page_gets_its_own_texts_and_its_language() -> None:
    for path in ("/", "/about"):
        page = _page(path)
        assert f"<title>제목 {path}</title>" in page
        assert re.search(r'<html\s+lang="ko"', page)
        body = page.partition("<body")[2]
        places = [body.index(part) for part in ("<header>위</header>", "<gradio-app", "<footer>아래</footer>")]
        assert places == sorted(places)
        assert page.index("<meta charset") < page.index("<title>")
        assert page.index("stylesheet") < page.index("<style>p {") < page.index("</head>"), "ours comes after Gradio's"


def test_chosen_colours_are_marked_before_any_script_runs() -> None:
    assert re.search(r'<html\s+lang="ko" data-theme="dark"', _page("/?theme=dark"))
    assert "data-theme" not in _page("/")


def test_a_page_of_gradio_asks_for_nothing_at_the_root_of_the_host() -> None:
    """If the arena is at https://example.org/arena, the root of the host belongs to somebody else."""
    assert re.findall(r"""(?:href|src)=["']/[^"']*""", _page()) == []
