from __future__ import annotations

import re
from collections.abc import AsyncIterator

import gradio
from fastapi import FastAPI
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response, StreamingResponse
from starlette.routing import Route
from starlette.testclient import TestClient

from arena.web.html.language import Language

PAGE = "<!doctype html><html><head><title>Über 한국어</title></head><body><head></body></html>"
ICON = '<link rel="icon" href="./favicon.ico">'


async def page(request: Request) -> Response:
    return HTMLResponse(PAGE)


async def pieces(request: Request) -> Response:
    async def body() -> AsyncIterator[bytes]:
        for at in range(0, len(PAGE.encode()), 5):
            yield PAGE.encode()[at : at + 5]

    return StreamingResponse(body(), media_type="text/html")


async def packed(request: Request) -> Response:
    return Response(b"<head>", media_type="text/html", headers={"content-encoding": "br"})


async def data(request: Request) -> Response:
    return JSONResponse("<head>")


routes = [Route("/", page), Route("/pieces", pieces), Route("/packed", packed), Route("/data", data)]
client = TestClient(Language(Starlette(routes=routes), languages=("en", "ko")))


def test_the_script_is_the_first_thing_in_the_head() -> None:
    answer = client.get("/")
    before, _, after = answer.text.partition("</script>")
    assert before.startswith("<!doctype html><html><head><script>(()=>{")
    assert "lang=(en|ko)(?:;|$)" in before
    assert before.split("<script>")[0] + after == PAGE.replace("<head>", f"<head>{ICON}", 1)
    assert int(answer.headers["content-length"]) == len(answer.content)


def test_a_page_of_gradio_asks_for_nothing_at_the_root_of_the_host() -> None:
    """Under a path such as https://example.org/arena it is somebody else's."""
    with gradio.Blocks() as blocks:
        pass
    app = gradio.mount_gradio_app(FastAPI(), blocks, path="/")
    page = TestClient(Language(app, languages=("en",))).get("/").text
    assert ICON in page
    assert re.findall(r"""(?:href|src)=["']/[^"']*""", page) == []


def test_a_page_in_pieces_is_put_together() -> None:
    assert client.get("/pieces").text == client.get("/").text


def test_everything_else_passes_unchanged() -> None:
    assert client.get("/data").json() == "<head>"
    assert client.head("/").headers["content-length"] == str(len(PAGE.encode()))
    with client.stream("GET", "/packed") as answer:
        assert b"".join(answer.iter_raw()) == b"<head>"
