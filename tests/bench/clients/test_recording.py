"""What clients ask is passed on and kept, a line for each set of fields."""

import json
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

import pytest

from bench.clients.recording import Asked, Recorder
from bench.clients.sent import write
from tests.fakes import Script, ScriptedEndpoint

ASK = {"role": "user", "content": "What is 17 plus 25?"}


def test_a_request_is_passed_on_and_kept() -> None:
    with ScriptedEndpoint(Script(("4", "2")), models_status=404) as endpoint, Recorder(endpoint.base_url) as recorder:
        recorder.client = "a client"
        body = {"model": "m", "messages": [ASK], "stream": True}
        request = urllib.request.Request(f"{recorder.url}/v1/chat/completions", json.dumps(body).encode())
        with urllib.request.urlopen(request) as answer:
            assert b"[DONE]" in answer.read()
        with pytest.raises(urllib.error.HTTPError):
            urllib.request.urlopen(f"{recorder.url}/v1/models")
        assert endpoint.received[0]["messages"] == [ASK]
    assert recorder.asked[0] == Asked("a client", "POST", "/v1/chat/completions", body, 200)
    assert recorder.asked[1].status == 404


def _asked(body: dict[str, Any], status: int = 200) -> Asked:
    return Asked("c", "POST", "/v1/chat/completions", body, status)


def test_one_request_is_written_for_each_set_of_fields(tmp_path: Path) -> None:
    long = "x" * 100
    asked = [
        _asked({"messages": [ASK], "temperature": 0}),
        _asked({"messages": [{**ASK, "content": "another"}], "temperature": 1}),
        _asked({"messages": [ASK], "temperature": None}),
        _asked({"messages": [{"role": "assistant", "content": long}, ASK, ASK]}),
        _asked({"prompt": [list(range(50))]}),
        _asked({"tools": [1]}, status=400),
        Asked("c", "GET", "/v1/models", None, 200),
    ]
    write(tmp_path / "sent.json", asked, {"c": "1.2"})
    bodies = [one["body"] for one in json.loads((tmp_path / "sent.json").read_text())["requests"]]
    assert bodies == [
        {"messages": [ASK], "temperature": 0},
        {"messages": [ASK], "temperature": None},
        {"messages": [{"role": "assistant", "content": "x" * 60 + "…"}, ASK, ASK]},
        {"prompt": [[0, 1, 2, 3, 4, 5]]},
    ]
