"""Scripts and style sheets from memory."""

import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from arena.web.assets import Assets

FILES = {"/assets/a.js": b"let a;" * 100, "/assets/b.css": b"p{}"}


@pytest.mark.parametrize("accepted", ["br", "identity"])
def test_a_file_arrives_whole_as_the_browser_accepts_it(accepted: str) -> None:
    client = TestClient(Assets(Starlette(), FILES))
    for _ in range(2):
        response = client.get("/assets/a.js", headers={"accept-encoding": accepted})
        assert response.content == FILES["/assets/a.js"]
        assert response.headers["content-type"].startswith("text/javascript")
        assert response.headers.get("content-encoding", "identity") == accepted
        assert response.headers["vary"] == "Accept-Encoding"
    assert client.get("/assets/b.css").headers["content-type"].startswith("text/css")


def test_other_requests_pass() -> None:
    client = TestClient(Assets(Starlette(), FILES))
    assert client.get("/assets/c.js").status_code == 404
    assert client.post("/assets/a.js").status_code == 404
