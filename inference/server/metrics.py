"""GET /metrics, in Prometheus's text format.

prometheus_client writes it (format 0.0.4). Names begin with `inference_`, units are seconds, bytes and tokens, and
every series has the label `model`. The families are made for each request; no registry keeps them.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from prometheus_client import generate_latest
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4 as CONTENT_TYPE
from prometheus_client.metrics_core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector

from inference.engine.metrics import EngineStats, Histogram, Metrics, ModelMetrics

__all__ = ["CONTENT_TYPE", "render"]

_GAUGES: tuple[tuple[str, str, Callable[[EngineStats], int]], ...] = (
    ("requests_running", "Requests that have a slot.", lambda stats: stats.n_running),
    ("requests_waiting", "Requests that wait for a slot.", lambda stats: stats.n_waiting),
    ("slots", "Requests that can run at once.", lambda stats: stats.n_slots),
    ("slots_free", "Slots that no request uses.", lambda stats: stats.n_free),
    ("cache_bytes", "Memory of the key-value cache.", lambda stats: stats.cache_bytes),
)
_COUNTERS: tuple[tuple[str, str, Callable[[ModelMetrics], int]], ...] = (
    ("prompt_tokens", "Tokens of prompts, reused ones included.", lambda model: model.stats.prompt_tokens),
    ("reused_tokens", "Tokens of prompts that were not computed again.", lambda model: model.stats.reused_tokens),
    ("output_tokens", "Tokens sampled.", lambda model: model.stats.output_tokens),
    ("requests_refused", "Requests that found the queue full.", lambda model: model.n_refused),
)
_HISTOGRAMS: tuple[tuple[str, str, Callable[[ModelMetrics], Histogram]], ...] = (
    (
        "time_to_first_token_seconds",
        "From a request's arrival to its first token.",
        lambda model: model.time_to_first_token_s,
    ),
    ("time_per_token_seconds", "Between two tokens of one answer.", lambda model: model.time_per_token_s),
)


def render(metrics: Metrics) -> bytes:
    """Return the page that Prometheus scrapes."""
    return generate_latest(_Families(metrics.models))


@dataclass(frozen=True)
class _Families(Collector):
    models: Mapping[str, ModelMetrics]

    def collect(self) -> Iterator[Metric]:
        for name, text, of_stats in _GAUGES:
            gauge = GaugeMetricFamily(f"inference_{name}", text, labels=["model"])
            for model, metrics in self.models.items():
                gauge.add_metric([model], of_stats(metrics.stats))
            yield gauge
        for name, text, of_model in _COUNTERS:
            counter = CounterMetricFamily(f"inference_{name}", text, labels=["model"])
            for model, metrics in self.models.items():
                counter.add_metric([model], of_model(metrics))
            yield counter
        ended = CounterMetricFamily("inference_requests", "Requests that ended, by reason.", labels=["model", "reason"])
        for model, metrics in self.models.items():
            for reason, n in metrics.stats.ended.items():
                ended.add_metric([model, reason], n)
        yield ended
        text = "1 for the backend that decodes the requests that begin now."
        backend = GaugeMetricFamily("inference_decode_backend", text, labels=["model", "backend"])
        for model, metrics in self.models.items():
            if metrics.backend is not None:
                backend.add_metric([model, metrics.backend], 1)
        yield backend
        for name, text, histogram_of in _HISTOGRAMS:
            histogram = HistogramMetricFamily(f"inference_{name}", text, labels=["model"])
            for model, metrics in self.models.items():
                times = histogram_of(metrics)
                bounds = [*(f"{bound:g}" for bound in times.bounds), "+Inf"]
                histogram.add_metric([model], list(zip(bounds, times.counts, strict=True)), times.total)
            yield histogram
