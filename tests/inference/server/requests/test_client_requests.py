"""The requests that real clients send are accepted: tests/data/client_requests.json, recorded by `make clients`."""

import json
from pathlib import Path
from typing import Any

import pytest

from inference.server.requests.parsing import Strict, parse
from inference.server.requests.protocol import ChatRequest, CompletionRequest, DetokenizeRequest, TokenizeRequest

FILE = Path(__file__).resolve().parents[3] / "data" / "client_requests.json"
KINDS: dict[str, type[Strict]] = {
    "/chat/completions": ChatRequest,
    "/v1/completions": CompletionRequest,
    "/tokenize": TokenizeRequest,
    "/detokenize": DetokenizeRequest,
}
REQUESTS: list[dict[str, Any]] = json.loads(FILE.read_text(encoding="utf-8"))["requests"]


@pytest.mark.parametrize("sent", REQUESTS, ids=lambda sent: f"{sent['client']} {'+'.join(sent['body'])}"[:80])
def test_what_a_client_sends_is_a_request(sent: dict[str, Any]) -> None:
    (kind,) = (kind for ending, kind in KINDS.items() if sent["path"].endswith(ending))
    body = parse(kind, json.dumps(sent["body"]).encode())
    assert body.model_dump(include={"model"}) == {"model": sent["body"].get("model")}
