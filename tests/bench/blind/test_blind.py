"""`python -m bench.blind` with few battles: fixed seeds, a simulated clock, the arena's own code."""

import asyncio
import random
import selectors
from collections.abc import AsyncGenerator
from dataclasses import replace
from itertools import groupby
from pathlib import Path
from statistics import fmean

import numpy as np
import pytest

from arena.players.events import Finish, Request, Token
from arena.rounds.battle import Battle
from arena.rounds.pacing import RetryPace
from arena.rounds.turns.writers import Contestant, Parameters
from arena.rounds.views import BattleView
from arena.rounds.watchers import Timing
from bench.blind import __main__ as blind
from bench.blind import results
from bench.blind.guess import Guess, features, guess, later_end
from bench.blind.page import DONE, Event, watch
from bench.blind.sides import DELAYS, WAYS, Delays, Side, battle, evenly, in_bursts, length, with_pauses
from tests.arena.rounds.test_battle import Journal

SPEEDS = (60.0,)
FEW = (DELAYS[1], DELAYS[4], DELAYS[6])
N = 40
SPREAD = 0.10
"""The largest deviation from 50 % that chance explains with so few battles; the seeds are fixed."""


@pytest.mark.parametrize("pace", ["equal", "together"])
def test_timing_does_not_reveal_the_slow_side(pace: str) -> None:
    result = blind.measure(pace, "even", N, speeds=SPEEDS, delays=FEW)
    assert result.pooled <= 0.5 + SPREAD
    assert {pair.n_alike for pair in result.pairs} == {2 * N}
    assert fmean(pair.rule for pair in result.pairs) == pytest.approx(0.5, abs=SPREAD)


def test_timing_reveals_the_slow_side_when_answers_are_shown_as_they_arrive() -> None:
    """Otherwise the test above could not fail."""
    result = blind.measure("free", "even", N, speeds=SPEEDS, delays=FEW)
    assert result.pooled > results.FREE_ABOVE
    assert result.is_met


def test_showing_both_answers_as_soon_as_both_are_complete_reveals_the_slow_side() -> None:
    """So `TogetherPace` waits longer: the wait divided by the lengths reveals how fast each model wrote."""
    played = blind.play(RetryPace, WAYS["even"], 60.0, DELAYS[0], 60, seed=0)
    assert guess(played.sample).best > 0.75


@pytest.mark.parametrize("pace", blind.PACES)
@pytest.mark.parametrize("delays", DELAYS, ids=lambda delays: delays.name)
def test_swapped_sides_give_the_mirror_image(pace: str, delays: Delays) -> None:
    slow, fast = battle(in_bursts, 60.0, delays, (300, 900), np.random.default_rng(3))
    events, mirrored = watch(blind.PACES[pace], slow, fast), watch(blind.PACES[pace], fast, slow)
    assert [event.swapped for event in mirrored] == events
    assert later_end(events) == -later_end(mirrored)


def test_every_way_of_writing_has_its_stated_speed() -> None:
    rng = np.random.default_rng(0)
    for way in WAYS.values():
        times_s, n_chars = way(60_000, 60.0, rng)
        assert n_chars[-1] == 60_000
        assert np.all(np.diff(times_s) >= 0)
        assert times_s[-1] == pytest.approx(1000, rel=0.1)
    assert np.median([length(rng) for _ in range(2000)]) == pytest.approx(400, rel=0.1)
    assert with_pauses(2000, 60.0, rng)[0].max() > evenly(2000, 120.0, rng)[0].max()


def test_features_of_a_battle_without_text_are_finite() -> None:
    nothing = Side(np.array([]), np.array([], dtype=int), 1.0, is_broken=True)
    slow, fast = battle(evenly, 60.0, DELAYS[0], (300, 900), np.random.default_rng(0))
    lengths = set()
    for a, b in ((nothing, nothing), (nothing, fast), (slow, nothing), (slow, fast)):
        row = features(watch(blind.PACES["equal"], a, b))
        assert np.isfinite(row).all()
        lengths.add(len(row))
    assert len(lengths) == 1


class _Clock(selectors.SelectSelector):
    """Advances the clock instead of waiting."""

    def __init__(self) -> None:
        super().__init__()
        self.now_s = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        self.now_s += timeout or 0.0
        return super().select(0)


class _Loop(asyncio.SelectorEventLoop):
    def __init__(self) -> None:
        self.clock = _Clock()
        super().__init__(self.clock)

    def time(self) -> float:
        return self.clock.now_s


class _Stream:
    def __init__(self, side: Side) -> None:
        self.side = side

    async def stream(self, request: Request) -> AsyncGenerator[Token | Finish, None]:
        loop, n_before = asyncio.get_running_loop(), 0
        for at_s, n_chars in zip(self.side.times_s.tolist(), self.side.n_chars.tolist(), strict=True):
            await asyncio.sleep(at_s - loop.time())
            yield Token("x" * (n_chars - n_before))
            n_before = n_chars
        await asyncio.sleep(self.side.finish_s - loop.time())
        yield DONE


@pytest.mark.parametrize("pace", blind.PACES)
@pytest.mark.parametrize("delays", DELAYS[:-1], ids=lambda delays: delays.name)
def test_a_page_of_a_real_battle_receives_the_measured_events(pace: str, delays: Delays) -> None:
    """`watch` has no tasks, streams or followers; a battle with them shows the same events, within a tick."""
    slow, fast = (
        _between_ticks(side) for side in battle(in_bursts, 60.0, delays, (300, 900), np.random.default_rng(5))
    )
    views: list[tuple[float, BattleView]] = []

    async def main() -> None:
        loop = asyncio.get_running_loop()
        one = Battle(
            "battle",
            "visitor",
            {"a": Contestant(_Stream(slow)), "b": Contestant(_Stream(fast))},
            Parameters(0.7, 1.0, 1024),
            Journal(),
            make_pace=blind.PACES[pace],
            timing=Timing(abandon_after_s=60.0, clock=loop.time),
            max_turns=1,
            max_attempts=1,
            rng=random.Random(0),
        )
        one.ask("Hi")
        views.extend([(loop.time(), view) async for view in one.follow()])

    with asyncio.Runner(loop_factory=_Loop) as runner:
        runner.run(main())
    received = [
        Event(
            at_s,
            (len(view.a.text), len(view.sides["b"].text)),
            (view.a.state, view.sides["b"].state),
            (view.a.error, view.sides["b"].error),
        )
        for at_s, view in views
    ]
    received = [next(group) for _, group in groupby(received, key=lambda event: replace(event, at_s=0.0))]
    expected = watch(blind.PACES[pace], slow, fast)
    assert {(event.n_chars, event.states) for event in received} <= {(one.n_chars, one.states) for one in expected}
    assert len(received) >= 0.9 * len(expected)
    at_s = {(event.n_chars, event.states): event.at_s for event in expected}
    for event in received:
        assert event.at_s == pytest.approx(at_s[event.n_chars, event.states], abs=0.21)


def _between_ticks(side: Side) -> Side:
    """Move all arrivals away from the ticks, so that rounding cannot move one to another tick."""
    return replace(side, times_s=np.round(side.times_s, 2) + 0.013, finish_s=round(side.finish_s, 2) + 0.013)


def test_results_are_written_and_read_as_tables(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(blind, "guess", lambda _: Guess(0.97, 0.99))
    path = tmp_path / "blind.json"
    assert blind.main(["--battles", "5", "--paces", "free", "--ways", "even", "--output", str(path)]) == 0
    table = results.markdown(path)
    assert table.strip().endswith(capsys.readouterr().out.strip())
    rows = [line for line in table.splitlines() if line.startswith("|")]
    assert {row.count("|") for row in rows[:3]} == {rows[0].count("|")}
    assert "| `free` | even |" in table
    assert "pooled above 95 % (met)" in table
