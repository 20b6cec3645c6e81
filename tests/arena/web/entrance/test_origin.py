from urllib.parse import urljoin

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route
from starlette.testclient import TestClient

from arena.web.entrance.origin import Origin


async def seen(request: Request) -> Response:
    forwarded = [name for name in request.headers if name.startswith("x-forwarded")]
    return PlainTextResponse(f"{request.url} {request.headers['host']} {forwarded}")


FORGED = {"x-forwarded-host": "evil.example", "x-forwarded-proto": "https", "X-Forwarded-For": "1.2.3.4"}
app = Starlette(routes=[Route("/page", seen), Route("/", seen, methods=["GET", "POST"])])


def below(path: str) -> TestClient:
    return TestClient(Origin(app, public_url=f"https://host.example{path}"), follow_redirects=False)


def test_a_forged_host_is_ignored() -> None:
    answer = TestClient(Origin(app), base_url="http://arena:7860").get("/page", headers=FORGED)
    assert answer.text == "http://arena:7860/page arena:7860 []"


def test_a_public_url_is_the_address_of_every_request() -> None:
    client = TestClient(Origin(app, public_url="https://arena.example.org/"), base_url="http://10.0.0.5:7860")
    assert client.get("/page", headers=FORGED).text == "https://arena.example.org/page arena.example.org []"


@pytest.mark.parametrize("path", ["/arena", "/apps/arena"])
@pytest.mark.parametrize("page", ["/page", "/"])
def test_a_request_may_come_with_or_without_the_path_of_the_public_url(path: str, page: str) -> None:
    """Whether a proxy strips it depends on one slash in its configuration."""
    plain = f"https://host.example{page} host.example []"
    assert below(path).get(page).text == plain
    assert below(path).get(path + page).text == plain


@pytest.mark.parametrize("address", ["/arenas/page", "/arena/arena/page", "/Arena/page", "/other"])
def test_a_path_that_only_resembles_it_is_left_alone(address: str) -> None:
    assert below("/arena").get(address).status_code == 404


@pytest.mark.parametrize(("path", "address"), [("/arena", "/arena"), ("/apps/arena", "/apps/arena")])
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_the_path_alone_redirects_to_itself_with_a_slash(method: str, path: str, address: str) -> None:
    answer = below(path).request(method, f"{address}?lang=ko")
    assert answer.status_code == 308
    assert urljoin(f"https://host.example{address}", answer.headers["location"]) == (
        f"https://host.example{path}/?lang=ko"
    )
    assert below(path).post(address).status_code == 404
