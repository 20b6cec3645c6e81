"""The list of clients agrees with the files of checks and with the pinned packages."""

import re

import pytest

from bench.clients.known import CLIENTS, ROOT, Client
from bench.clients.outcomes import Outcome, lines, table

FILES = {".venv-clients": "requirements-clients.txt", ".venv-clients-openai2": "requirements-clients-openai2.txt"}


@pytest.mark.parametrize("client", CLIENTS, ids=lambda client: client.module)
def test_a_client_has_checks_and_a_pin(client: Client) -> None:
    assert (ROOT / "bench" / "clients" / "each" / f"{client.module}.py").is_file()
    pins = (ROOT / FILES[client.environment]).read_text(encoding="utf-8")
    assert re.search(rf"\b{re.escape(client.package)}==\d", pins)


def test_a_table_counts_the_checks_that_passed() -> None:
    whole = Outcome("llm", "0.36", ["models", "prompt"])
    half = Outcome("openai", "3.54.0", ["chat"], {"stream": "KeyError: 'x'"})
    _, _, first, second = table([whole, half]).splitlines()
    assert first.startswith("| llm | 0.36 | `")
    assert first.endswith("| 2 |")
    assert second.endswith("| 1 of 2 |")
    assert lines(half).splitlines() == ["openai 3.54.0", "  passed  chat", "  FAILED  stream: KeyError: 'x'"]
