import asyncio
from contextlib import aclosing
from typing import Any

import pytest

from arena.metrics import Metrics
from arena.players.events import Busy, EndpointError, Filtered, Finish, Message, Refused, Request
from arena.players.watching.activity import Activity, Measured, Summary
from tests.fakes import ScriptedPlayer

REQUEST = Request((Message("user", "Hi"),), 1.0, 1.0, 64, 1)
FINISH = Finish("stop", 7, 11, None, ttft_ms=500.0, duration_ms=2500.0)


def measured(*scripts: Any, metrics: Metrics | None = None) -> Activity:
    """Play the scripts, each to its end."""
    activity = Activity("m", metrics, wall_clock=lambda: 1000.0)

    async def main() -> None:
        stream = Measured(lambda: player, activity)
        for _ in scripts:
            try:
                async for _ in stream.stream(REQUEST):
                    assert activity.n_running == 1
            except EndpointError:
                pass
            assert activity.n_running == 0

    player = ScriptedPlayer(*scripts)
    asyncio.run(main())
    return activity


def test_figures_are_medians_of_complete_answers() -> None:
    slow = Finish("stop", 7, 11, None, ttft_ms=1500.0, duration_ms=11500.0)
    activity = measured(["a", FINISH], ["a", slow], ["a", FINISH], [Busy("full")])
    assert activity.summary() == Summary(4, 3, ttft_ms=500.0, tokens_per_s=5.0)
    assert activity.last_failure is not None
    assert (activity.last_failure.at, activity.last_failure.cause) == (1000.0, "busy")


def test_an_answer_of_one_token_or_without_counts_has_no_speed() -> None:
    one = Finish("stop", 7, 1, None, ttft_ms=500.0, duration_ms=2500.0)
    unknown = Finish("stop", None, None, None, ttft_ms=500.0, duration_ms=2500.0)
    assert measured(["a", one], ["a", unknown]).summary() == Summary(2, 2, 500.0, None)


@pytest.mark.parametrize("error", [Filtered("x"), Refused("x", is_too_long=True), Refused("x", is_filtered=True)])
def test_an_error_of_the_prompt_is_in_no_rate(error: EndpointError) -> None:
    assert measured([error]).summary() == Summary(0, 0, None, None)


def test_a_stream_that_its_reader_left_is_counted_apart() -> None:
    metrics = Metrics()
    activity = Activity("m", metrics)

    async def main() -> None:
        async with aclosing(Measured(lambda: ScriptedPlayer(), activity).stream(REQUEST)) as events:
            await anext(events)

    asyncio.run(main())
    assert (activity.n_running, activity.summary().n_answers) == (0, 0)
    assert 'arena_answers_total{model="m",result="closed"} 1.0' in metrics.text().decode()


def test_metrics_get_every_answer() -> None:
    metrics = Metrics()
    measured(["a", FINISH], [Busy("full")], metrics=metrics)
    text = metrics.text().decode()
    assert 'arena_answers_total{model="m",result="complete"} 1.0' in text
    assert 'arena_answers_total{model="m",result="busy"} 1.0' in text
    assert 'arena_first_token_seconds_sum{model="m"} 0.5' in text
    assert 'arena_tokens_per_second_sum{model="m"} 5.0' in text
