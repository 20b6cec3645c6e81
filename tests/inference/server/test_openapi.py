"""The OpenAPI page lists every route, and the server does what the page says, whatever is sent."""

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
    response_schema_conformance,
    status_code_conformance,
    unsupported_method,
)

from inference.engine.loading import Loaded
from inference.engine.worker import Worker
from inference.server.app import Routes
from inference.server.openapi import document
from tests.fakes import write_model_folder
from tests.inference.server.serving import LIMIT_S, Server, serving

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
    negative_data_rejection,
    unsupported_method,
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


PAGE = document(["one", "two"], one_model="/models/{name}")
OPERATIONS = [(method, path) for path, methods in PAGE["paths"].items() for method in methods]


def test_the_page_is_served_with_the_names_of_the_models(short: Server) -> None:
    assert httpx.get(f"{short.url}/openapi.json", timeout=LIMIT_S).json() == PAGE


def test_the_page_and_the_routes_are_the_same() -> None:
    table = Routes(Worker(lambda: Loaded({}))).table()
    routes = {(method.lower(), path.replace(":path", "")) for method, path, _ in table}
    assert {(method, path) for method, path in OPERATIONS if not path.startswith("/models/")} == routes


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
