"""The checks of `make clients` for OpenAI's and Mistral's own libraries, with a demo model."""

from collections.abc import Iterator

import pytest

from bench.clients import checking
from bench.clients.each import mistralai_sdk, openai_sdk
from tests.inference.server.serving import serving

MODEL = "larch"
CHECKS = {
    f"{name}-{check.__name__}": check
    for name, checks in (("openai", openai_sdk.CHECKS), ("mistralai", mistralai_sdk.CHECKS))
    for check in checks
}


@pytest.fixture(scope="module")
def demo() -> Iterator[checking.Server]:
    with serving(f"--model={MODEL}=demo:larch-umber", "--no-prefix-reuse") as server:
        yield checking.Server(server.url, MODEL)


@pytest.mark.parametrize("name", CHECKS)
def test_the_library_can_use_the_server(demo: checking.Server, name: str) -> None:
    CHECKS[name](demo)
