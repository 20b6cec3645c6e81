"""The OpenAPI page lists every route, and the server does what the page says, whatever is sent."""

import re
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    negative_data_rejection,
    positive_data_acceptance,
    response_schema_conformance,
    status_code_conformance,
    unsupported_method,
)

from inference.engine.loading import Loaded
from inference.engine.worker import Worker
from inference.server.app import Routes
from inference.server.openapi import Described, below, document
from tests.fakes import write_model_folder
from tests.inference.server.serving import LIMIT_S, Server, serving


def accepted_but_for_model_length_or_load(context: Any, response: Any, case: Any) -> bool | None:
    """schemathesis' check that what the page allows is accepted, with the three refusals that no page can foresee."""
    is_refused = response.status_code >= 400
    if is_refused and (
        response.status_code in (404, 429) or response.json()["error"]["code"] == "context_length_exceeded"
    ):
        return None
    return positive_data_acceptance(context, response, case)


CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
    negative_data_rejection,
    unsupported_method,
    accepted_but_for_model_length_or_load,
]


@pytest.fixture(scope="module")
def short(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Two models with contexts so short that every answer is short."""
    root = tmp_path_factory.mktemp("short")
    for name in ("one", "two"):
        write_model_folder(root / name, max_seq_len=16)
    with serving(*(f"--model={name}={root / name}" for name in ("one", "two")), "--cache-gb=0.001") as server:
        yield server
        assert server.process.poll() is None, "it lives"


N_IDS = 400  # of the models of this test
PAGE = document(Described(("one", "two"), ("one", "two"), N_IDS), one_model="/models/{name}")
OPERATIONS = [(method, path) for path, methods in PAGE["paths"].items() for method in methods]


def test_the_page_is_served_with_the_names_of_the_models(short: Server) -> None:
    assert httpx.get(f"{short.url}/openapi.json", timeout=LIMIT_S).json() == PAGE


def test_a_model_without_a_chat_layout_is_not_offered_for_chats() -> None:
    page = document(Described(("one", "two"), ("two",), N_IDS), one_model="/models/{name}")
    for prefix in ("", "/models/{name}"):
        chat, tokenize = (page["paths"][prefix + path]["post"] for path in ("/v1/chat/completions", "/tokenize"))
        offered = chat["parameters"][0]["schema"] if prefix else body_of(chat)[1]["properties"]["model"]
        assert offered["enum"] == ["two"]
        assert body_of(tokenize)[-1] == {"properties": {"messages": {"type": "null"}}}


def body_of(operation: Any) -> Any:
    return operation["requestBody"]["content"]["application/json"]["schema"]["allOf"]


def test_the_page_and_the_routes_are_the_same() -> None:
    table = Routes(Worker(lambda: Loaded({}))).table()
    routes = {(method.lower(), path.replace(":path", "")) for method, path, _ in table}
    assert {(method, path) for method, path in OPERATIONS if not path.startswith("/models/")} == routes


@pytest.mark.parametrize("limit", [1, 2, 10, 11, 99, 250, 400, 1000])
def test_the_pattern_of_token_ids_is_true_of_the_numbers_below_a_limit(limit: int) -> None:
    pattern = re.compile(f"^({below(limit)})$")
    assert [n for n in range(1200) if pattern.match(str(n))] == list(range(limit))
    assert not any(pattern.match(text) for text in ("", "00", "01", "-1", "1.0", " 1"))


@pytest.mark.parametrize(
    ("method", "path", "mode"),
    [(*operation, GenerationMode.POSITIVE) for operation in OPERATIONS]
    + [(*operation, GenerationMode.NEGATIVE) for operation in OPERATIONS if operation[0] == "post"],
)
def test_the_server_keeps_to_the_page_whatever_is_sent(
    short: Server, method: str, path: str, mode: GenerationMode
) -> None:
    schema = schemathesis.openapi.from_dict(PAGE)
    schema.config.update(base_url=short.url)

    @settings(
        max_examples=8,
        deadline=None,
        derandomize=True,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=schema[path][method.upper()].as_strategy(generation_mode=mode))
    def send(case: schemathesis.Case[Any]) -> None:
        case.call_and_validate(checks=CHECKS, timeout=LIMIT_S)

    send()
