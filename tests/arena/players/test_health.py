import asyncio
import logging
import threading
from contextlib import aclosing
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from arena.players.endpoint import Endpoint
from arena.players.events import Broken, Busy, EndpointError, Filtered, Message, Refused, Request, TimedOut, Unreachable
from arena.players.health import Health
from arena.players.probe import trial_request
from arena.players.roster import Player, Roster
from tests.fakes import Script, ScriptedEndpoint
from tests.ports import free_port
from tests.waiting import until

DEAD = "http://127.0.0.1:9/v1"  # the discard port, where no server listens


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def remote(*urls: str) -> Roster:
    return Roster(tuple(Player(f"m{number}", base_urls=(url,), model="m") for number, url in enumerate(urls)))


def health_of(roster: Roster, clock: Clock | None = None, **options: object) -> Health:
    endpoints = {player.name: Endpoint(player.base_urls or (DEAD,), "m") for player in roster}
    return Health(roster, endpoints, clock=clock or Clock(), **options)  # type: ignore[arg-type]


class FakeEndpoint:
    """An endpoint whose probes and trials end as scripted: None, an error, an exception to raise, or an event to wait
    for."""

    def __init__(self, *, probe: Any = None, trial: Any = None) -> None:
        self.probe_result, self.trial_result = probe, trial
        self.n_probes = 0
        self.trials: list[Request] = []
        self.on_result: object = None

    @property
    def n_trials(self) -> int:
        return len(self.trials)

    async def probe(self) -> EndpointError | None:
        self.n_probes += 1
        return await self._end(self.probe_result)

    async def trial(self, request: Request) -> EndpointError | None:
        self.trials.append(request)
        return await self._end(self.trial_result)

    async def aclose(self) -> None:
        pass

    async def _end(self, result: Any) -> EndpointError | None:
        if isinstance(result, asyncio.Event):
            await result.wait()
            return None
        if isinstance(result, Exception) and not isinstance(result, EndpointError):
            raise result
        return result  # type: ignore[no-any-return]


def health_with(*parts: FakeEndpoint | Clock, **options: Any) -> Health:
    fakes = [part for part in parts if isinstance(part, FakeEndpoint)]
    clock = next((part for part in parts if isinstance(part, Clock)), Clock())
    endpoints = {f"m{number}": fake for number, fake in enumerate(fakes)}
    return Health(remote(*[DEAD] * len(fakes)), endpoints, clock=clock, **options)  # type: ignore[arg-type]


def names(health: Health) -> list[str]:
    return [player.name for player in health.ready()]


def test_a_remote_player_is_loading_until_a_probe_finds_it() -> None:
    async def main(server: ScriptedEndpoint) -> None:
        health = health_of(remote(server.base_url, DEAD))
        assert health.states() == {"m0": "loading", "m1": "loading"}
        await health.check()
        assert health.states() == {"m0": "ready", "m1": "down"}
        assert names(health) == ["m0"]
        await health.aclose()

    with ScriptedEndpoint() as server:
        asyncio.run(main(server))


@pytest.mark.parametrize("error", [Unreachable("x"), TimedOut("x"), Broken("x")])
def test_a_failure_takes_a_player_out_until_its_time_is_over_and_a_probe_succeeds(error: EndpointError) -> None:
    async def main(server: ScriptedEndpoint) -> None:
        clock = Clock()
        health = health_of(remote(server.base_url), clock)
        await health.check()
        health.record("m0", error)
        await health.check()
        assert names(health) == []
        clock.now += 9.9
        await health.check()
        assert names(health) == []
        clock.now += 0.1
        assert names(health) == []  # not before it was seen to answer
        await health.check()
        assert names(health) == ["m0"]
        await health.aclose()

    with ScriptedEndpoint() as server:
        asyncio.run(main(server))


def test_each_failure_doubles_the_time_out_and_a_complete_answer_forgives_all() -> None:
    async def out_s(health: Health, clock: Clock) -> float:
        health.record("m0", Broken("x"))
        started = clock.now
        while not names(health):
            clock.now += 1.0
            await health.check()
        return clock.now - started

    async def main(server: ScriptedEndpoint) -> None:
        clock = Clock()
        health = health_of(remote(server.base_url), clock)
        assert [await out_s(health, clock) for _ in range(6)] == [10, 20, 40, 80, 160, 160]
        health.record("m0", None)
        assert await out_s(health, clock) == 10
        health.record("m0", Broken("x"))
        health.record("m0", None)  # an answer that was still on its way: back at once
        assert names(health) == ["m0"]
        await health.aclose()

    with ScriptedEndpoint() as server:
        asyncio.run(main(server))


def test_a_full_server_is_out_for_a_moment_only() -> None:
    clock = Clock()
    health = health_of(remote(DEAD), clock)
    health.record("m0", None)
    health.record("m0", Busy("x"))
    assert names(health) == []
    clock.now += 2.0
    assert names(health) == ["m0"]


@pytest.mark.parametrize(
    "error",
    [Refused("x", is_too_long=True, status=400), Refused("x", is_filtered=True, status=400), Filtered("x")],
    ids=["too long", "a filter before the answer", "a filter in the middle of it"],
)
def test_an_error_of_the_prompt_does_not_affect_health(error: EndpointError) -> None:
    """One visitor with a forbidden prompt took a model out for everybody."""
    fake = FakeEndpoint()
    health = health_with(fake)
    health.record("m0", None)
    for _ in range(100):
        health.record("m0", error)
        asyncio.run(health.check())
    assert names(health) == ["m0"]
    assert fake.n_trials == 0


def test_five_refusals_in_a_row_are_tried_with_a_prompt_of_the_arenas_own_and_real_parameters() -> None:
    fake = FakeEndpoint()
    request = trial_request(system_prompt="Be kind.", temperature=0.7, top_p=0.9, max_tokens=1024)
    health = health_with(fake, trials={"m0": request})
    health.record("m0", None)
    for number in range(4):
        health.record("m0", Refused("x", status=400))
        asyncio.run(health.check())
        assert (names(health), fake.n_trials) == (["m0"], 0), number
    health.record("m0", None)
    for _ in range(5):
        assert fake.n_trials == 0, "an answer begins a new row"
        health.record("m0", Refused("x", status=422))
    assert names(health) == ["m0"], "in the draw until the trial says otherwise"
    asyncio.run(health.check())
    assert fake.trials == [request]
    assert names(health) == ["m0"], "the prompts were refused, not the model"
    assert [message.role for message in request.messages] == ["system", "user"]
    assert (request.temperature, request.top_p, request.max_tokens) == (0.7, 0.9, 1024)


def test_refusals_after_a_trial_that_passed_are_tried_only_after_a_pause() -> None:
    clock = Clock()
    fake = FakeEndpoint()
    health = health_with(fake, clock)
    health.record("m0", None)

    async def refuse_for(duration_s: float) -> int:
        n_before = fake.n_trials
        end = clock.now + duration_s
        while clock.now < end:
            for _ in range(5):
                health.record("m0", Refused("of a visitor who does nothing else", status=400))
            await health.check()
            assert names(health) == ["m0"]
            clock.now += 5.0
        return fake.n_trials - n_before

    assert [asyncio.run(refuse_for(60)) for _ in range(4)] == [1, 1, 0, 1]  # at 0, 60, 180 s


def test_a_model_that_refuses_the_trial_is_out_and_logged_once_by_name(
    caplog: pytest.LogCaptureFixture,
) -> None:
    clock = Clock()
    fake = FakeEndpoint(trial=Refused("h:1: status 400 unsupported", status=400))
    health = health_with(fake, clock)
    health.record("m0", None)
    for _ in range(5):
        health.record("m0", Refused("x", status=400))
    asyncio.run(health.check())
    assert names(health) == []

    async def wait() -> None:
        for _ in range(2000):
            clock.now += 1.0
            await health.check()

    asyncio.run(wait())
    assert names(health) == []
    loud = [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING]
    assert loud == [
        "player 'm0' leaves the draw until it is fixed: h:1: status 400 unsupported; its server does not accept what"
        " the arena sends: see omit, rename and max_tokens of its [[models]]. It returns by itself once its server"
        " answers a short trial request, sent after 10 s and then less and less often"
    ]
    assert 5 < fake.n_trials < 10, "10, 20, 40, 80, 160, 320, 640, 640 s apart"
    assert fake.n_probes == 0, "its list of models would say nothing"
    fake.trial_result = None
    clock.now += 640
    asyncio.run(health.check())
    assert names(health) == ["m0"]


@pytest.mark.parametrize(
    ("error", "advice"),
    [
        (Unreachable("x", can_pass=False, status=401), "check the key that api_key_env names"),
        (Unreachable("x", can_pass=False, status=402), "its account has no credit left"),
        (Unreachable("x", can_pass=False, status=404), "check its base_url and model"),
        (Unreachable("x", can_pass=False, status=429), "its account has no credit left"),
    ],
    ids=["401", "402", "404", "no quota"],
)
def test_a_no_to_the_model_takes_it_out_at_once_and_only_a_trial_brings_it_back(
    error: EndpointError, advice: str, caplog: pytest.LogCaptureFixture
) -> None:
    clock = Clock()
    fake = FakeEndpoint(trial=error)
    health = health_with(fake, clock)
    health.record("m0", None)
    health.record("m0", error)
    assert names(health) == []
    assert advice in caplog.text
    health.record("m0", None)  # an answer that was still on its way
    assert names(health) == []
    asyncio.run(health.check())
    assert (names(health), fake.n_trials) == ([], 1)
    clock.now += 1000
    asyncio.run(health.check())
    assert names(health) == [], "its list of models is there all the time"
    fake.trial_result = None
    clock.now += 1000
    asyncio.run(health.check())
    assert names(health) == ["m0"]
    assert sum(record.levelno >= logging.ERROR for record in caplog.records) == 1
    assert fake.n_probes == (error.status == 404), "for its list of models, as advice"


@pytest.mark.parametrize(
    "error",
    [
        Unreachable("a filter in words that nobody knows", can_pass=False, status=403),
        Unreachable("credit, which may be quoted from the prompt", can_pass=False, status=400),
    ],
    ids=["403", "400 that speaks of credit"],
)
def test_what_may_be_the_prompts_fault_is_tried_at_once(error: EndpointError) -> None:
    innocent, guilty = FakeEndpoint(), FakeEndpoint(trial=error)
    health = health_with(innocent, guilty)
    for name in ("m0", "m1"):
        health.record(name, None)
        health.record(name, error)
    assert names(health) == ["m0", "m1"]
    asyncio.run(health.check())
    assert names(health) == ["m0"]


@pytest.mark.parametrize("way", ["probe", "trial"])
def test_a_check_that_began_before_a_failure_brings_no_player_back(way: str) -> None:
    """A probe takes up to a few seconds: a key refused meanwhile would have been forgotten."""

    async def main() -> None:
        answers = asyncio.Event()
        fake = FakeEndpoint(probe=answers, trial=answers)
        health = health_with(fake)
        health.record("m0", None)
        if way == "trial":
            for _ in range(5):
                health.record("m0", Refused("x", status=400))
        check = asyncio.create_task(health.check())
        await until(lambda: fake.n_probes + fake.n_trials == 1)
        health.record("m0", Unreachable("x", can_pass=False, status=401))
        answers.set()
        await check
        assert (names(health), fake.n_trials) == ([], way == "trial")

    asyncio.run(main())


def test_a_trial_that_meets_a_full_server_is_put_off() -> None:
    clock = Clock()
    fake = FakeEndpoint(trial=Busy("x", status=429))
    health = health_with(fake, clock)
    health.record("m0", Unreachable("x", can_pass=False, status=401))
    clock.now += 10
    asyncio.run(health.check())
    asyncio.run(health.check())
    assert (names(health), fake.n_trials) == ([], 1)
    clock.now += 10
    fake.trial_result = None
    asyncio.run(health.check())
    assert names(health) == ["m0"]


def test_a_trial_without_a_connection_is_an_ordinary_failure() -> None:
    clock = Clock()
    fake = FakeEndpoint(trial=TimedOut("x"))
    health = health_with(fake, clock)
    health.record("m0", None)
    for _ in range(5):
        health.record("m0", Refused("x", status=400))
    asyncio.run(health.check())
    assert names(health) == []
    clock.now += 10
    asyncio.run(health.check())
    assert (names(health), fake.n_trials, fake.n_probes) == (["m0"], 1, 1), "a probe is enough to return"


@pytest.mark.parametrize("status", [401, 403, 404, 405, 500, 501])
def test_a_refused_or_missing_list_of_models_does_not_keep_out_a_model_whose_chat_works(status: int) -> None:
    clock = Clock()
    refused = Unreachable("x", can_pass=status >= 500, status=status)
    fake = FakeEndpoint(probe=refused)
    health = health_with(fake, clock)
    assert health.states() == {"m0": "loading"}
    asyncio.run(health.check())
    assert (names(health), fake.n_trials) == (["m0"], 1)
    for _ in range(100):
        clock.now += 15.0
        asyncio.run(health.check())
        assert names(health) == ["m0"]
    assert fake.n_trials == 1, "what is known need not be paid for again"


def test_a_wrong_key_is_found_before_a_visitor_meets_it(caplog: pytest.LogCaptureFixture) -> None:
    wrong_key = Unreachable("h:1: status 401 invalid_api_key", can_pass=False, status=401)
    health = health_with(FakeEndpoint(probe=wrong_key, trial=wrong_key))
    asyncio.run(health.check())
    assert health.states() == {"m0": "down"}
    assert "check the key that api_key_env names" in caplog.text


def test_a_server_that_fails_leaves_before_a_visitor_meets_it() -> None:
    clock = Clock()
    fake = FakeEndpoint()
    health = health_with(fake, clock)
    asyncio.run(health.check())
    fake.probe_result = fake.trial_result = Unreachable("x", status=503)
    clock.now += 15.0
    asyncio.run(health.check())
    assert (names(health), fake.n_trials) == ([], 0)
    fake.probe_result = fake.trial_result = None
    clock.now += 10.0
    asyncio.run(health.check())
    assert names(health) == ["m0"]


def test_a_probe_that_raises_is_the_failure_of_its_player_only(caplog: pytest.LogCaptureFixture) -> None:
    health = health_with(FakeEndpoint(probe=RuntimeError("of a library")), FakeEndpoint())
    asyncio.run(health.check())
    assert health.states() == {"m0": "down", "m1": "ready"}
    assert "RuntimeError: of a library" in caplog.text


def test_a_probe_that_hangs_does_not_stop_the_probing_of_others() -> None:
    """One server whose list of models never ended kept all dead endpoints in the draw."""

    async def main() -> None:
        hangs, other = FakeEndpoint(probe=asyncio.Event()), FakeEndpoint()
        health = health_with(hangs, other, interval_s=0.01)
        await health.start()
        await until(lambda: other.n_probes >= 3)
        assert (health.states(), hangs.n_probes) == ({"m0": "loading", "m1": "ready"}, 1)
        await health.aclose()

    asyncio.run(main())


def test_five_refusals_are_tried_without_waiting_for_the_next_round() -> None:
    async def main() -> None:
        fake = FakeEndpoint(trial=Refused("x", status=400))
        health = health_with(fake, interval_s=1e6)
        await health.start()
        await until(lambda: names(health) == ["m0"])
        for _ in range(5):
            health.record("m0", Refused("x", status=400))
        await until(lambda: names(health) == [])
        await health.aclose()

    asyncio.run(main())


def test_a_native_player_is_not_tried_while_its_server_is_not_ready() -> None:
    fake = FakeEndpoint()
    child = SimpleNamespace(state="ready", failures={})
    health = Health(
        Roster((Player("n", path=Path("x")),)),
        {"n": fake},  # type: ignore[dict-item]
        server=child,
        clock=Clock(),
    )
    for _ in range(5):
        health.record("n", Refused("x", status=400))
    child.state = "restarting"
    asyncio.run(health.check())
    assert (health.states(), fake.n_trials) == ({"n": "loading"}, 0)
    child.state = "ready"
    asyncio.run(health.check())
    assert (health.states(), fake.n_trials, fake.n_probes) == ({"n": "ready"}, 1, 0)


def test_streams_report_by_themselves() -> None:
    async def main(server: ScriptedEndpoint) -> None:
        health = health_of(remote(server.base_url))
        request = Request((Message("user", "hi"),), 1.0, 1.0, 8, 0)
        async with aclosing(health.endpoint("m0").stream(request)) as events:
            assert [event async for event in events]
        assert names(health) == ["m0"]
        with pytest.raises(Unreachable):
            async with aclosing(health.endpoint("m0").stream(request)) as events:
                await anext(events)
        assert names(health) == []
        await health.aclose()

    with ScriptedEndpoint(Script(), Script(status=401)) as server:
        asyncio.run(main(server))


@pytest.mark.parametrize(
    ("status", "error", "state"),
    [
        (400, {"code": "content_filter", "message": "triggered the content management policy"}, "ready"),
        (400, {"code": "context_length_exceeded", "message": "maximum context length is 4096 tokens"}, "ready"),
        (400, {"message": "unlike anything that is known"}, "ready"),
        (401, {"code": "invalid_api_key", "message": "Incorrect API key provided"}, "down"),
        (402, {"message": "Insufficient Balance"}, "down"),
        (404, {"code": "model_not_found", "message": "The model does not exist"}, "down"),
        (429, {"code": "insufficient_quota", "message": "You exceeded your current quota"}, "down"),
    ],
    ids=["filter", "length", "unknown", "key", "credit", "model", "quota"],
)
def test_the_wording_of_an_error_decides_what_is_blamed(status: int, error: dict[str, str], state: str) -> None:
    """From the bytes of one refusal to the draw, after the time out of any passing failure and with its list there."""

    async def main(server: ScriptedEndpoint) -> None:
        clock = Clock()
        health = health_of(remote(server.base_url), clock)
        await health.check()
        with pytest.raises(EndpointError):
            async with aclosing(
                health.endpoint("m0").stream(trial_request(system_prompt="", temperature=1.0, top_p=1.0, max_tokens=8))
            ) as events:
                await anext(events)
        for _ in range(3):
            clock.now += 200.0
            await health.check()
        assert health.states() == {"m0": state}
        await health.aclose()

    with ScriptedEndpoint(Script(status=status, error=error)) as server:
        asyncio.run(main(server))


@pytest.mark.parametrize(
    ("server_state", "player_state"),
    [("loading", "loading"), ("restarting", "loading"), ("failed", "failed"), ("ready", "ready")],
)
def test_native_players_follow_the_model_server(server_state: str, player_state: str) -> None:
    server = SimpleNamespace(state=server_state, failures={})
    health = health_of(Roster((Player("n", path=Path("x")),)), server=server)
    health.record("n", Unreachable("the child is gone, as its supervisor knows"))
    assert health.states() == {"n": player_state}


def test_a_native_player_that_times_out_leaves_while_the_server_is_ready() -> None:
    health = health_of(Roster((Player("n", path=Path("x")),)), server=SimpleNamespace(state="ready", failures={}))
    health.record("n", TimedOut("x"))
    assert health.states() == {"n": "down"}


def test_a_model_that_the_server_left_out_has_failed_for_good_and_is_not_probed(
    caplog: pytest.LogCaptureFixture,
) -> None:
    clock = Clock()
    child = SimpleNamespace(state="ready", failures={"near": "truncated"})
    health = health_of(Roster((Player("near", path=Path("x")), Player("far", path=Path("y")))), clock, server=child)
    health.record("near", TimedOut("of a battle that was under way"))
    clock.now += 1000
    asyncio.run(health.check())
    assert len(caplog.messages) == 1, "a probe of an address where nobody listens would be told as a second failure"
    assert health.states() == {"near": "failed", "far": "ready"}
    assert names(health) == ["far"]
    child.state = "restarting"
    assert health.states() == {"near": "failed", "far": "loading"}


def test_what_a_server_serves_instead_is_said_once(caplog: pytest.LogCaptureFixture) -> None:
    async def main(server: ScriptedEndpoint) -> None:
        clock = Clock()
        roster = Roster((Player("m0", base_urls=(server.base_url,), model="misspelt"),))
        health = Health(roster, {"m0": Endpoint([server.base_url], "misspelt")}, clock=clock)
        health.record("m0", Unreachable("x", can_pass=False, status=404))
        for _ in range(3):
            clock.now += 1000
            await health.check()
        assert names(health) == []
        await health.aclose()

    with ScriptedEndpoint(Script(status=404)) as server:
        asyncio.run(main(server))
    assert caplog.text.count("the server has no model 'misspelt'; set model to one of scripted") == 1


def test_retired_players_are_never_drawn_and_have_no_endpoint() -> None:
    roster = Roster((Player("here", base_urls=(DEAD,)), Player("gone", base_urls=(DEAD,), is_active=False)))
    health = health_of(roster)
    health.record("here", None)
    assert names(health) == ["here"]
    with pytest.raises(KeyError):
        health.endpoint("gone")


def test_the_background_probe_finds_an_endpoint_that_starts_later() -> None:
    async def main() -> None:
        port = free_port()
        clock = Clock()
        health = health_of(remote(f"http://127.0.0.1:{port}/v1"), clock, interval_s=0.01)
        await health.start()
        await until(lambda: health.state("m0") == "down")
        with ScriptedEndpoint(port=port):
            clock.now += 1000
            await until(lambda: health.state("m0") == "ready")
        await health.aclose()

    asyncio.run(main())


def test_players_join_leave_and_move_while_streams_of_the_old_endpoint_go_on() -> None:
    request = Request((Message("user", "Hi"),), 1.0, 1.0, 64, 1)

    async def main(stays: ScriptedEndpoint, old: ScriptedEndpoint, new: ScriptedEndpoint) -> None:
        before = remote(stays.base_url, old.base_url)
        health = health_of(before)
        await health.check()
        held = health.endpoint("m1")
        async with aclosing(held.stream(request)) as events:
            await anext(events)
            moved = Player("m1", base_urls=(new.base_url,), model="m")
            joined = Player("m2", base_urls=(new.base_url,), model="m")
            endpoints = {player.name: Endpoint(player.base_urls, "m") for player in (moved, joined)}
            await health.change(Roster((moved, joined)), endpoints)
            assert health.states() == {"m1": "loading", "m2": "loading"}
            assert health.activity("m1").n_running == 1
            old.scripts[0].gates[1].set()
            assert [type(event).__name__ async for event in events] == ["Token", "Token", "Finish"]
        await health.check()
        assert names(health) == ["m1", "m2"]
        assert [event async for event in held.stream(request)]  # the battle's next turn
        assert (len(old.received), len(new.received)) == (1, 1)
        assert [event async for event in health.endpoint("m0").stream(request)]  # its battles are not over
        assert health.activity("m1").summary().n_complete == 2
        await health.aclose()

    gate = threading.Event()
    with ScriptedEndpoint() as stays, ScriptedEndpoint(Script(gates={1: gate})) as old, ScriptedEndpoint() as new:
        asyncio.run(main(stays, old, new))


def test_a_player_that_the_owner_retired_is_watched_and_not_drawn() -> None:
    async def main(server: ScriptedEndpoint) -> None:
        roster = remote(server.base_url, server.base_url)
        health = health_of(roster)
        await health.check()
        await health.change(Roster(roster.players, retired=frozenset(["m0"])), {})
        assert names(health) == ["m1"]
        assert (list(health.states()), health.state("m0")) == (["m1"], "ready")
        await health.change(roster, {})
        assert names(health) == ["m0", "m1"]
        await health.aclose()

    with ScriptedEndpoint() as server:
        asyncio.run(main(server))
