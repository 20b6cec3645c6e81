"""The page for Prometheus, read by the library's own parser."""

import httpx
import openai
from prometheus_client.parser import text_string_to_metric_families

from inference.engine.metrics import EngineStats, Histogram, Metrics, ModelMetrics
from inference.server.metrics import render
from tests.inference.server.serving import ASK, Server

Values = dict[tuple[str, frozenset[tuple[str, str]]], float]


def read(page: str) -> Values:
    """Values by name and labels."""
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(page)
        for sample in family.samples
    }


def value(values: Values, name: str, **labels: str) -> float:
    return values[f"inference_{name}", frozenset(labels.items())]


STATS = EngineStats(2, 3, 8, 6, 4096, 100, 40, 50, {"stop": 7, "length": 1})
TIMES = Histogram((0.5, 1.0), (1, 3, 4), 6.25)


def test_the_page_of_known_counts() -> None:
    name = 'a"b\\'
    values = read(render(Metrics({name: ModelMetrics(STATS, TIMES, TIMES, 9, "torch")})).decode())
    assert value(values, "requests_running", model=name) == 2
    assert value(values, "requests_waiting", model=name) == 3
    assert value(values, "cache_bytes", model=name) == 4096
    assert value(values, "reused_tokens_total", model=name) == 40
    assert value(values, "requests_refused_total", model=name) == 9
    assert value(values, "requests_total", model=name, reason="stop") == 7
    assert value(values, "decode_backend", model=name, backend="torch") == 1
    first = "time_to_first_token_seconds"
    assert [value(values, f"{first}_bucket", model=name, le=bound) for bound in ("0.5", "1", "+Inf")] == [1, 3, 4]
    assert (value(values, f"{first}_sum", model=name), value(values, f"{first}_count", model=name)) == (6.25, 4)


def test_names_and_types_stay_as_dashboards_know_them() -> None:
    page = render(Metrics({"one": ModelMetrics(STATS, TIMES, TIMES, 9, "torch")})).decode()
    declared = [line.removeprefix("# TYPE inference_") for line in page.splitlines() if line.startswith("# TYPE ")]
    assert declared == [
        "requests_running gauge",
        "requests_waiting gauge",
        "slots gauge",
        "slots_free gauge",
        "cache_bytes gauge",
        "prompt_tokens_total counter",
        "reused_tokens_total counter",
        "output_tokens_total counter",
        "requests_refused_total counter",
        "requests_total counter",
        "decode_backend gauge",
        "time_to_first_token_seconds histogram",
        "time_per_token_seconds histogram",
    ]


def test_the_server_counts_what_it_answers(server: Server, client: openai.OpenAI) -> None:
    def now(path: str) -> Values:
        response = httpx.get(server.url + path)
        assert response.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
        return read(response.text)

    before = now("/metrics")
    client.chat.completions.create(model="one", messages=ASK, max_tokens=5, temperature=0)
    after = now("/metrics")
    for name, n in (("output_tokens_total", 5), ("time_per_token_seconds_count", 4)):
        assert value(after, name, model="one") - value(before, name, model="one") == n
    assert {dict(labels)["model"] for _, labels in now("/models/two/metrics")} == {"two"}
