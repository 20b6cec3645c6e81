"""The page for Prometheus, read by a parser of its own."""

import re

import httpx
import openai

from inference.engine.metrics import EngineStats, Histogram, Metrics, ModelMetrics
from inference.server.metrics import render
from tests.inference.server.serving import ASK, Server

_SAMPLE = re.compile(r'^(inference_\w+)\{((?:\w+="(?:[^"\\\n]|\\.)*",?)+)\} (\S+)$')


def read(page: str) -> dict[tuple[str, str], float]:
    """Values by name and labels; every line must be one of the format's, every name declared before it is used."""
    values: dict[tuple[str, str], float] = {}
    declared: set[str] = set()
    for line in page.splitlines():
        if line.startswith("# TYPE "):
            declared.add(line.split()[2])
        elif not line.startswith("# HELP "):
            match = _SAMPLE.match(line)
            assert match is not None, line
            assert match[1] in declared or match[1].rsplit("_", 1)[0] in declared
            values[match[1], match[2]] = float(match[3])
    return values


def test_the_page_of_known_counts() -> None:
    stats = EngineStats(2, 3, 8, 6, 4096, 100, 40, 50, {"stop": 7, "length": 1})
    times = Histogram((0.5, 1.0), (1, 3, 4), 6.25)
    page = render(Metrics({'a"b\\': ModelMetrics(stats, times, times, 9, "torch")}))
    values = read(page)
    label = r'model="a\"b\\"'
    assert values["inference_requests_running", label] == 2
    assert values["inference_requests_waiting", label] == 3
    assert values["inference_cache_bytes", label] == 4096
    assert values["inference_reused_tokens_total", label] == 40
    assert values["inference_requests_refused_total", label] == 9
    assert values["inference_requests_total", f'{label},reason="stop"'] == 7
    assert values["inference_decode_backend", f'{label},backend="torch"'] == 1
    name = "inference_time_to_first_token_seconds"
    assert [values[f"{name}_bucket", f'{label},le="{bound}"'] for bound in ("0.5", "1", "+Inf")] == [1, 3, 4]
    assert (values[f"{name}_sum", label], values[f"{name}_count", label]) == (6.25, 4)


def test_the_server_counts_what_it_answers(server: Server, client: openai.OpenAI) -> None:
    def now(path: str) -> dict[tuple[str, str], float]:
        response = httpx.get(server.url + path)
        assert response.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
        return read(response.text)

    before = now("/metrics")
    client.chat.completions.create(model="one", messages=ASK, max_tokens=5, temperature=0)
    after = now("/metrics")
    one = 'model="one"'
    for name, n in (("output_tokens_total", 5), ("time_per_token_seconds_count", 4)):
        assert after[f"inference_{name}", one] - before[f"inference_{name}", one] == n
    assert {labels for _, labels in now("/models/two/metrics")} >= {'model="two"'}
    assert not any(one in labels for _, labels in now("/models/two/metrics"))
