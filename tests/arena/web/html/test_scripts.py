import re

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route
from starlette.testclient import TestClient

from arena.web.headers import Headers
from arena.web.html.scripts import Scripts


async def page(request: Request) -> Response:
    return HTMLResponse("<head><script>a</script><script type=module src=b></script></head>한<script>c</script>")


async def data(request: Request) -> Response:
    return JSONResponse("<head><script></head>")


app = Starlette(routes=[Route("/", page), Route("/data", data)])
client = TestClient(Headers(Scripts(app, pages=("/", "/data"), script="ours()")))


def _nonce(policy: str) -> str:
    (nonce,) = re.findall(r"script-src 'self' 'nonce-([\w-]{22})';", policy)
    return str(nonce)


def test_every_script_of_a_page_has_the_nonce_of_its_policy() -> None:
    answer = client.get("/")
    nonce = _nonce(answer.headers["content-security-policy"])
    assert re.findall("<script[^>]*>", answer.text) == [
        f'<script nonce="{nonce}">',
        f'<script nonce="{nonce}" type=module src=b>',
        f'<script nonce="{nonce}">',
        f'<script nonce="{nonce}">',
    ]
    assert f'<script nonce="{nonce}">ours()</script></head>한' in answer.text
    assert int(answer.headers["content-length"]) == len(answer.content)


def test_no_two_answers_have_the_same_nonce() -> None:
    assert len({_nonce(client.get("/").headers["content-security-policy"]) for _ in range(20)}) == 20


def test_no_inline_script_runs_without_the_nonce() -> None:
    for path in ("/", "/data", "/missing"):
        policy = client.get(path).headers["content-security-policy"]
        (scripts,) = re.findall(r"script-src ([^;]*);", policy)
        assert "unsafe" not in scripts


def test_other_answers_pass_unchanged() -> None:
    assert client.get("/data").json() == "<head><script></head>"
    alone = TestClient(Scripts(app, pages=("/",)))
    assert alone.get("/").text == TestClient(app).get("/").text
