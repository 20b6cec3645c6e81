from collections.abc import AsyncIterator

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response, StreamingResponse
from starlette.routing import Route
from starlette.testclient import TestClient

from arena.web.html.language import Language

PAGE = "<!doctype html><html><head><title>Über 한국어</title></head><body><head></body></html>"
PAGES = ("/", "/pieces", "/packed", "/data")


async def page(request: Request) -> Response:
    return HTMLResponse(PAGE)


async def pieces(request: Request) -> Response:
    async def body() -> AsyncIterator[bytes]:
        for at in range(0, len(PAGE.encode()), 5):
            yield PAGE.encode()[at : at + 5]

    return StreamingResponse(body(), media_type="text/html")


async def packed(request: Request) -> Response:
    return Response(b"<head>", media_type="text/html", headers={"content-encoding": "br"})


async def plain(request: Request) -> Response:
    return HTMLResponse(PAGE)


async def data(request: Request) -> Response:
    return JSONResponse("<head>")


routes = [
    Route("/", page),
    Route("/pieces", pieces),
    Route("/packed", packed),
    Route("/data", data),
    Route("/plain", plain),
]
client = TestClient(Language(Starlette(routes=routes), pages=PAGES, language_of=lambda _: "ko"))


def test_the_script_is_the_first_thing_in_the_head() -> None:
    answer = client.get("/")
    before, _, after = answer.text.partition("</script>")
    assert before.startswith("<!doctype html><html><head><script>(()=>{")
    assert "const l='ko'" in before
    assert "cookie" not in before
    assert before.split("<script>")[0] + after == PAGE
    assert int(answer.headers["content-length"]) == len(answer.content)


def test_a_language_that_the_address_chose_is_kept() -> None:
    assert "document.cookie='lang='+l" in client.get("/?lang=ko").text
    assert "cookie" not in client.get("/?lang=xx").text


def test_a_page_in_pieces_is_put_together() -> None:
    assert client.get("/pieces").text == client.get("/").text


def test_everything_else_passes_unchanged() -> None:
    assert client.get("/data").json() == "<head>"
    assert client.get("/plain").text == PAGE, "an address that is not in `pages`"
    assert client.head("/").headers["content-length"] == str(len(PAGE.encode()))
    with client.stream("GET", "/packed") as answer:
        assert b"".join(answer.iter_raw()) == b"<head>"
