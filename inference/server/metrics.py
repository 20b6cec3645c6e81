"""What the worker counts, in Prometheus' text form (version 0.0.4), written by hand: it is a dozen lines a model.

Names begin with `inference_`, units are seconds, bytes and tokens, and every series has the label `model`.
"""

from collections.abc import Callable, Iterator, Mapping

from inference.engine.metrics import EngineStats, Histogram, Metrics, ModelMetrics

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"

_GAUGES: tuple[tuple[str, str, Callable[[EngineStats], int]], ...] = (
    ("requests_running", "Requests that hold a slot.", lambda stats: stats.n_running),
    ("requests_waiting", "Requests that wait for a slot.", lambda stats: stats.n_waiting),
    ("slots", "Requests that can run at once.", lambda stats: stats.n_slots),
    ("slots_free", "Slots that no request holds.", lambda stats: stats.n_free),
    ("cache_bytes", "Memory of the key-value cache.", lambda stats: stats.cache_bytes),
)
_COUNTERS: tuple[tuple[str, str, Callable[[ModelMetrics], int]], ...] = (
    ("prompt_tokens_total", "Tokens of prompts, the reused ones too.", lambda model: model.stats.prompt_tokens),
    ("reused_tokens_total", "Tokens of prompts that were not computed again.", lambda model: model.stats.reused_tokens),
    ("output_tokens_total", "Tokens sampled.", lambda model: model.stats.output_tokens),
    ("requests_refused_total", "Requests that found the queue full.", lambda model: model.n_refused),
)
_HISTOGRAMS: tuple[tuple[str, str, Callable[[ModelMetrics], Histogram]], ...] = (
    (
        "time_to_first_token_seconds",
        "From a request's arrival to its first token.",
        lambda model: model.time_to_first_token_s,
    ),
    ("time_per_token_seconds", "Between two tokens of one answer.", lambda model: model.time_per_token_s),
)


def render(metrics: Metrics) -> str:
    """The page that a scraper reads."""
    return "".join(f"{line}\n" for line in _lines(metrics.models))


def _lines(models: Mapping[str, ModelMetrics]) -> Iterator[str]:
    for name, text, of_stats in _GAUGES:
        yield from _head(name, "gauge", text)
        for model, metrics in models.items():
            yield _sample(name, of_stats(metrics.stats), model=model)
    for name, text, of_model in _COUNTERS:
        yield from _head(name, "counter", text)
        for model, metrics in models.items():
            yield _sample(name, of_model(metrics), model=model)
    yield from _head("requests_total", "counter", "Requests that have ended, by reason.")
    for model, metrics in models.items():
        for reason, n in metrics.stats.ended.items():
            yield _sample("requests_total", n, model=model, reason=reason)
    yield from _head("decode_backend", "gauge", "1 for what decodes the requests that begin now.")
    for model, metrics in models.items():
        if metrics.backend is not None:
            yield _sample("decode_backend", 1, model=model, backend=metrics.backend)
    for name, text, histogram_of in _HISTOGRAMS:
        yield from _head(name, "histogram", text)
        for model, metrics in models.items():
            yield from _histogram(name, histogram_of(metrics), model)


def _head(name: str, kind: str, text: str) -> Iterator[str]:
    yield f"# HELP inference_{name} {text}"
    yield f"# TYPE inference_{name} {kind}"


def _histogram(name: str, histogram: Histogram, model: str) -> Iterator[str]:
    for bound, count in zip((*histogram.bounds, float("inf")), histogram.counts, strict=True):
        yield _sample(f"{name}_bucket", count, model=model, le="+Inf" if bound == float("inf") else f"{bound:g}")
    yield _sample(f"{name}_sum", histogram.total, model=model)
    yield _sample(f"{name}_count", histogram.counts[-1], model=model)


def _sample(name: str, value: float, **labels: str) -> str:
    pairs = ",".join(f'{label}="{_escaped(text)}"' for label, text in labels.items())
    return f"inference_{name}{{{pairs}}} {value!r}"


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
