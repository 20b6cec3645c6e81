"""What the arena counts and measures, in the text format of Prometheus.

    metrics = Metrics()
    metrics.answer("Wren Sol", "complete", ttft_s=0.4, tokens_per_s=31.0)
    metrics.text()

Numbers only: no prompt, no answer, no visitor. Labels are names of models in the settings and words of closed lists, so
that no visitor can add a series. The text names models, so it is served to the owner only (`web.admin`).
"""

from collections.abc import Callable, Iterator, Mapping, Sequence

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"

_FIRST_TOKEN_S = (0.1, 0.25, 0.5, 1, 2, 4, 8, 15, 30, 60, 120, 300)
_TOKENS_PER_S = (1, 2, 5, 10, 20, 40, 80, 160, 320, 640)
_RESPONSE_S = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
_VERDICT_S = (0.05, 0.1, 0.25, 0.5, 1, 2, 4, 8, 15, 30)
_STATES = ("ready", "loading", "down", "failed", "retired", "inactive")


class Metrics:
    """The counts of one process, in a registry of its own. Its methods may be called from any thread."""

    def __init__(self) -> None:
        self._registry = registry = CollectorRegistry()
        self._battles = Counter("arena_battles_opened", "Battles opened, by kind.", ["kind"], registry=registry)
        self._votes = Counter("arena_votes", "Votes stored, by whether they count.", ["counted"], registry=registry)
        self._reasons = Counter(
            "arena_votes_excluded",
            "Votes that do not count, by reason; one may have several.",
            ["reason"],
            registry=registry,
        )
        self._answers = Counter(
            "arena_answers",
            "Answers asked for, by model and by how they ended.",
            ["model", "result"],
            registry=registry,
        )
        self._first_token = Histogram(
            "arena_first_token_seconds",
            "Seconds from the request to the first token of a complete answer.",
            ["model"],
            buckets=_FIRST_TOKEN_S,
            registry=registry,
        )
        self._speed = Histogram(
            "arena_tokens_per_second",
            "Tokens per second of a complete answer, after its first token.",
            ["model"],
            buckets=_TOKENS_PER_S,
            registry=registry,
        )
        self._responses = Histogram(
            "arena_response_seconds",
            "Seconds from a request to the beginning of its response, by page.",
            ["page"],
            buckets=_RESPONSE_S,
            registry=registry,
        )

        self._judged = Histogram(
            "arena_moderation_seconds",
            "Seconds until the verdict on a prompt or an answer, by verdict and by what followed.",
            ["subject", "verdict", "action"],
            buckets=_VERDICT_S,
            registry=registry,
        )
        self._not_judged = Counter(
            "arena_moderation_no_verdict",
            "Prompts and answers without a verdict, by cause.",
            ["cause"],
            registry=registry,
        )

    def battle_opened(self, kind: str) -> None:
        self._battles.labels(kind).inc()

    def vote_cast(self, reasons: Sequence[str]) -> None:
        """Count a vote; `reasons` say why it does not count, and are empty if it does."""
        self._votes.labels("no" if reasons else "yes").inc()
        for reason in reasons:
            self._reasons.labels(reason).inc()

    def answer(self, model: str, result: str, *, ttft_s: float | None, tokens_per_s: float | None) -> None:
        """Count an answer; `result` is "complete", "closed" (its reader left), or the code of an error."""
        self._answers.labels(model, result).inc()
        if ttft_s is not None:
            self._first_token.labels(model).observe(ttft_s)
        if tokens_per_s is not None:
            self._speed.labels(model).observe(tokens_per_s)

    def judged(self, subject: str, verdict: str, action: str, seconds: float) -> None:
        """Count a prompt or an answer that was given to the moderator."""
        self._judged.labels(subject, verdict, action).observe(seconds)

    def not_judged(self, cause: str) -> None:
        """Count a text without a verdict; `cause` is the code of an error, or a word of `service.moderation`."""
        self._not_judged.labels(cause).inc()

    def responded(self, page: str, seconds: float) -> None:
        self._responses.labels(page).observe(seconds)

    def watch(self, running: Callable[[], Mapping[str, int]], states: Callable[[], Mapping[str, str]]) -> None:
        """Add what is read whenever somebody asks: the streams in flight, and the state of each model."""
        self._registry.register(_Now(running, states))

    def text(self) -> bytes:
        return generate_latest(self._registry)


class _Now(Collector):
    """Gauges that read their values when somebody asks."""

    def __init__(self, running: Callable[[], Mapping[str, int]], states: Callable[[], Mapping[str, str]]) -> None:
        self._running = running
        self._states = states

    def collect(self) -> Iterator[Metric]:
        streams = GaugeMetricFamily("arena_streams_in_flight", "Answers that are being written.", labels=["model"])
        for model, n in self._running().items():
            streams.add_metric([model], n)
        yield streams
        state = GaugeMetricFamily(
            "arena_model_state", "1 for the state that a model is in, 0 for the others.", labels=["model", "state"]
        )
        for model, now in self._states().items():
            for one in _STATES:
                state.add_metric([model, one], float(one == now))
        yield state
