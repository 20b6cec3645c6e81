"""Which model a request asks for, and models that could not be loaded."""

import asyncio
from pathlib import Path
from typing import Any

import httpx

from inference.engine.loading import Loaded, load_models
from inference.folder import open_folder
from tests.inference.server.serving import ASK, LIMIT_S, Server, asking, serving


def test_the_address_names_the_model_whatever_the_body_says(server: Server) -> None:
    for path, body in (
        ("/v1/completions", {"prompt": "x"}),
        ("/v1/chat/completions", {"messages": ASK}),
    ):
        for model in ({}, {"model": "two"}, {"model": "anything"}):
            response = httpx.post(
                f"{server.url}/models/two{path}", json={**body, **model, "max_tokens": 1}, timeout=LIMIT_S
            )
            assert response.json()["model"] == "two"
    assert [card["id"] for card in httpx.get(f"{server.url}/models/two/v1/models").json()["data"]] == ["two"]
    assert list(httpx.get(f"{server.url}/models/two/health").json()["models"]) == ["two"]
    assert httpx.get(f"{server.url}/models/three/health").status_code == 404


def test_a_request_without_a_model_needs_a_server_with_only_one(folders: dict[str, Path], server: Server) -> None:
    response = httpx.get(f"{server.url}/tokenizer_info")
    assert (response.status_code, response.json()["error"]["code"]) == (400, "missing_field")

    async def scenario() -> None:
        async with asking(lambda: load_models({"one": open_folder(folders["one"])}, n_slots=1)) as (http, _):
            response = await http.post("/tokenize", json={"prompt": "x"})
            assert response.status_code == 200

    asyncio.run(scenario())


def test_a_model_that_cannot_be_loaded_is_named_and_the_others_are_served(folders: dict[str, Path]) -> None:
    def load() -> Loaded:
        return load_models({"one": open_folder(folders["one"])}, n_slots=1, failures={"bad": "its weights are damaged"})

    async def scenario() -> None:
        async with asking(load) as (http, _):
            health = (await http.get("/health")).json()
            assert (health["status"], list(health["models"])) == ("ok", ["one"])
            assert health["failed"] == {"bad": "its weights are damaged"}
            ask: dict[str, Any] = {"messages": ASK, "max_tokens": 1}
            response = await http.post("/v1/chat/completions", json={**ask, "model": "bad"})
            assert (response.status_code, response.json()["error"]["code"]) == (503, "model_failed")
            assert "its weights are damaged" in response.json()["error"]["message"]
            assert (await http.get("/models/bad/health")).status_code == 503
            assert (await http.post("/v1/chat/completions", json={**ask, "model": "one"})).status_code == 200
            assert [card["id"] for card in (await http.get("/v1/models")).json()["data"]] == ["one"]

    asyncio.run(scenario())


def test_two_names_of_one_folder_are_answered_by_one_engine(folders: dict[str, Path]) -> None:
    ask = {"messages": ASK, "max_tokens": 5, "seed": 7}
    with serving(f"--model=x={folders['one']}", f"--model=y={folders['one']}") as server:
        health = httpx.get(f"{server.url}/health").json()["models"]
        assert health["x"] == health["y"]
        answers = [
            httpx.post(f"{server.url}/v1/chat/completions", json={**ask, "model": name}, timeout=LIMIT_S).json()
            for name in ("x", "y")
        ]
        assert [answer["model"] for answer in answers] == ["x", "y"]
        assert answers[0]["choices"] == answers[1]["choices"]
        for address in ("", "/models/y"):
            metrics = httpx.get(f"{server.url}{address}/metrics").text
            assert 'model="x"' in metrics
            assert 'model="y"' not in metrics
