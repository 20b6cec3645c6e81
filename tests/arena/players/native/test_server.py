import asyncio
import json
import logging
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Coroutine
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

import httpx
import pytest

from arena.players.endpoint import Endpoint
from arena.players.events import EndpointError, Message, Request
from arena.players.health import Health
from arena.players.native import server
from arena.players.native.protocol import ServedModel
from arena.players.native.server import NativeServer, Pauses
from arena.players.roster import Roster
from arena.settings import InferenceSettings, Player
from tests.waiting import until

FAKE = (sys.executable, "-S", str(Path(__file__).with_name("fake_inference.py")))
DEMO_MODEL = Path(server.__file__).parents[3] / "inference" / "demo" / "models" / "fen-quill"
QUICK = Pauses(poll_s=0.02, first_restart_s=0.05, max_restart_s=0.1, stop_s=0.3)

T = TypeVar("T")


def run(task: Coroutine[Any, Any, T]) -> T:
    return asyncio.run(asyncio.wait_for(task, 60))


def players(folder: Path, **behaviour: Any) -> list[Player]:
    behave(folder, **behaviour)
    return [Player("Wren Sol", path=folder), Player("Ash Fen", path=folder)]


def behave(folder: Path, **behaviour: Any) -> None:
    (folder / "behaviour.json").write_text(json.dumps(behaviour))


def starts(folder: Path) -> list[int]:
    return [int(line) for line in (folder / "starts").read_text().split()]


def is_alive(process_id: int) -> bool:
    try:
        return Path(f"/proc/{process_id}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def fake(folder: Path, settings: InferenceSettings | None = None, **behaviour: Any) -> NativeServer:
    return NativeServer(
        players(folder, **behaviour),
        settings or InferenceSettings(),
        environment=os.environ,
        command=FAKE,
        pauses=QUICK,
    )


async def become(server: NativeServer, state: str) -> None:
    await until(lambda: server.state == state)


def test_it_loads_without_blocking_and_lists_the_served_models(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async def main() -> None:
        server = fake(tmp_path, load_s=0.3)
        await server.start()
        assert server.state == "loading"
        assert await server.wait_ready()
        served = ServedModel(parameters=5, fingerprint="f00d", max_len=64, dtype="float32")
        assert server.models == {"Wren Sol": served, "Ash Fen": served}
        assert server.base_url == f"http://127.0.0.1:{server.port}/v1"
        await server.stop()

    with caplog.at_level(logging.INFO, logger=server.__name__):
        run(main())
    assert "model server: spin 0" in caplog.messages
    assert not is_alive(starts(tmp_path)[0])


def test_a_dead_server_is_started_again_at_the_same_address(tmp_path: Path) -> None:
    async def main() -> None:
        server = fake(tmp_path)
        await server.start()
        await server.wait_ready()
        os.kill(starts(tmp_path)[0], signal.SIGKILL)
        await become(server, "restarting")
        assert server.models == {}
        await become(server, "ready")
        async with httpx.AsyncClient() as client:
            assert (await client.get(server.base_url.replace("/v1", "/health"))).status_code == 200
        await server.stop()

    run(main())
    assert len(starts(tmp_path)) == 2


def test_a_server_that_hangs_is_killed_and_started_again(tmp_path: Path) -> None:
    async def main() -> None:
        pauses = replace(QUICK, hang_s=0.5)
        hanging = players(tmp_path, hangs=True)
        server = NativeServer(hanging, InferenceSettings(), environment={}, command=FAKE, pauses=pauses)
        await server.start()
        await server.wait_ready()
        behave(tmp_path)
        await become(server, "restarting")
        assert server.problem == "no answer from /health for 0.5 s"
        await become(server, "ready")
        await server.stop()

    run(main())
    assert not is_alive(starts(tmp_path)[0])


def given_up(server: NativeServer, caplog: pytest.LogCaptureFixture) -> str:
    """Run the server until it is given up; the one ERROR in our log."""

    async def main() -> None:
        await server.start()
        assert not await server.wait_ready()
        assert server.state == "failed"
        await server.stop()

    run(main())
    (error,) = [record.getMessage() for record in caplog.records if record.levelno == logging.ERROR]
    return error


def test_a_damaged_model_is_given_up_at_once_with_the_servers_own_words(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """It was started three times with growing pauses, though a file does not mend itself."""
    sentence = f"{tmp_path / 'consolidated.safetensors'} is truncated or damaged; copy it again"
    server = fake(tmp_path, damaged=sentence)
    error = given_up(server, caplog)
    assert len(starts(tmp_path)) == 1
    assert error.startswith("model server: failed, because no model can be loaded: ")
    assert error.endswith(f"ERROR inference: {sentence}")
    assert server.problem == f"ERROR inference: {sentence}"


@pytest.mark.parametrize(
    ("sentence", "crashes"), [("no memory for the caches", False), ("{folder}/params.json is the last it read", True)]
)
def test_what_may_pass_is_tried_three_times(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, sentence: str, crashes: bool
) -> None:
    sentence = sentence.format(folder=tmp_path)
    error = given_up(fake(tmp_path, damaged=sentence, crashes=crashes), caplog)
    assert len(starts(tmp_path)) == 3
    assert error.startswith("model server: failed, because it ended 3 times before it was ready: ")
    assert error.endswith(f"ERROR inference: {sentence}")


@pytest.mark.parametrize("damaged", ["params.json", "tokenizer.model", "consolidated.safetensors"])
def test_every_damaged_file_of_the_real_server_is_given_up_at_once(
    damaged: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    folder = tmp_path / "fen quill"
    shutil.copytree(DEMO_MODEL, folder)
    (folder / damaged).write_bytes(b"junk")
    server = NativeServer([Player("Fen Quill", path=folder)], InferenceSettings(), environment=os.environ)
    assert f"{folder / damaged}" in given_up(server, caplog)
    assert [text for text in caplog.messages if "starts again" in text] == []


def test_a_line_of_the_server_bears_our_time_alone(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, logger=server.__name__):
        given_up(fake(tmp_path, damaged=f"{tmp_path}: at 2026-01-02 12:00:00,345 INFO was not there"), caplog)
    lines = [text for text in caplog.messages if text.startswith("model server: ERROR")]
    assert lines == [f"model server: ERROR inference: {tmp_path}: at 2026-01-02 12:00:00,345 INFO was not there"]
    assert "model server: INFO uvicorn.error: Finished" in caplog.messages


def test_models_that_the_server_cannot_load_are_logged_once_and_the_others_play(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async def main() -> None:
        server = fake(tmp_path, failed={"Ash Fen": "truncated"})
        await server.start()
        assert await server.wait_ready()
        assert list(server.models) == ["Wren Sol"]
        assert server.failures == {"Ash Fen": "truncated"}
        os.kill(starts(tmp_path)[0], signal.SIGKILL)
        await become(server, "restarting")
        assert server.failures == {"Ash Fen": "truncated"}
        await become(server, "ready")
        await server.stop()

    run(main())
    told = [record.getMessage() for record in caplog.records if record.levelno == logging.ERROR]
    assert told == ["model server: could not load 'Ash Fen': truncated"]
    assert len(starts(tmp_path)) == 2


@pytest.mark.parametrize("failed", [{}, {"Wren Sol": "x"}, {"Wren Sol": "x", "Ash Fen": "x", "Other": "x"}])
def test_an_answer_about_other_models_is_not_ours(tmp_path: Path, failed: dict[str, str]) -> None:
    async def main() -> None:
        server = fake(tmp_path, failed=failed)
        server._names = {"Wren Sol", "Ash Fen", "Moss Tarn"}
        await server.start()
        answers = tmp_path / "answers"
        await until(lambda: answers.exists() and len(answers.read_text()) > 2)
        assert server.state == "loading"  # though at least two answers were weighed
        await server.stop()

    run(main())


def test_the_real_server_leaves_a_damaged_model_out_and_serves_the_others(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """One truncated file kept every native model down, since they share the child."""
    folder = tmp_path / "fen-quill"
    shutil.copytree(DEMO_MODEL, folder)
    weights = folder / "consolidated.safetensors"
    weights.write_bytes(weights.read_bytes()[:-1000])
    damaged, sound = Player("Fen Quill", path=folder), Player("Moss Tarn", path=DEMO_MODEL.with_name("moss-tarn"))

    async def main() -> None:
        server = NativeServer([damaged, sound], InferenceSettings(), environment=os.environ)
        endpoints = {one.name: Endpoint([server.base_url], one.name) for one in (damaged, sound)}
        health = Health(Roster((damaged, sound)), endpoints, server=server)
        await server.start()
        assert health.states() == {"Fen Quill": "loading", "Moss Tarn": "loading"}
        assert await server.wait_ready()
        assert health.states() == {"Fen Quill": "failed", "Moss Tarn": "ready"}
        assert str(weights) in server.failures["Fen Quill"]
        request = Request((Message("user", "Hello"),), 0.0, 1.0, 8, 0)
        events = [event async for event in health.endpoint("Moss Tarn").stream(request)]
        assert events
        with pytest.raises(EndpointError):
            await anext(health.endpoint("Fen Quill").stream(request))
        assert health.ready() == (sound,)
        await health.aclose()
        await server.stop()

    run(main())
    (error,) = [record.getMessage() for record in caplog.records if record.levelno == logging.ERROR]
    assert error.startswith("model server: could not load 'Fen Quill': ")


def test_a_server_that_cannot_be_started_is_given_up(tmp_path: Path) -> None:
    async def main() -> None:
        server = NativeServer(
            players(tmp_path), InferenceSettings(), environment={}, command=["/no/such/program"], pauses=QUICK
        )
        await server.start()
        assert not await server.wait_ready()
        assert server.problem is not None
        assert server.problem.startswith("/no/such/program: ")
        await server.stop()

    run(main())


def test_stop_kills_a_server_that_does_not_go(tmp_path: Path) -> None:
    async def main() -> float:
        server = fake(tmp_path, ignores_sigterm=True)
        await server.start()
        await server.wait_ready()
        started = time.monotonic()
        await server.stop()
        await server.stop()  # and again does nothing
        return time.monotonic() - started

    assert run(main()) < 20
    assert not is_alive(starts(tmp_path)[0])


def test_stop_while_it_loads_leaves_nothing_behind(tmp_path: Path) -> None:
    async def main() -> None:
        server = fake(tmp_path, load_s=60)
        await server.start()
        await until((tmp_path / "starts").exists)
        await server.stop()

    run(main())
    assert not is_alive(starts(tmp_path)[0])


def test_the_server_dies_with_a_parent_that_is_killed(tmp_path: Path) -> None:
    behave(tmp_path)
    parent = f"""
import asyncio, os, pathlib
from arena.players.native.server import NativeServer, Pauses
from arena.settings import InferenceSettings, Player
async def main():
    players = [Player("m", path=pathlib.Path({str(tmp_path)!r}))]
    server = NativeServer(players, InferenceSettings(), environment=os.environ, command={FAKE!r})
    await server.start()
    print(await server.wait_ready(), flush=True)
    await asyncio.sleep(60)
asyncio.run(main())
"""
    with subprocess.Popen([sys.executable, "-c", parent], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "True\n"
        (child,) = starts(tmp_path)
        assert is_alive(child)
        process.kill()
    deadline = time.monotonic() + 20
    while is_alive(child) and time.monotonic() < deadline:
        time.sleep(0.01)
    assert not is_alive(child)


def test_another_server_on_the_port_is_not_taken_for_ours(tmp_path: Path) -> None:
    other, ours = tmp_path / "other", tmp_path / "ours"
    other.mkdir()
    ours.mkdir()

    async def main() -> None:
        first = NativeServer(players(other)[:1], InferenceSettings(), environment={}, command=FAKE, pauses=QUICK)
        await first.start()
        await first.wait_ready()
        second = fake(ours, InferenceSettings(port=first.port))
        await second.start()
        assert not await second.wait_ready()
        assert "Address already in use" in str(second.problem)
        await second.stop()
        await first.stop()

    run(main())


def test_settings_become_options(tmp_path: Path) -> None:
    server = fake(tmp_path, InferenceSettings(port=7999, cache_gb=1.5, device="cuda:1", threads=2, budget=64))
    command = " ".join(server._arguments[len(FAKE) :])
    assert command == (
        f"serve --model Wren Sol={tmp_path} --model Ash Fen={tmp_path} --cache-gb 1.5 --device cuda:1 --threads 2"
        " --budget 64"
        " --host 127.0.0.1 --port 7999 --stop-with-stdin"
    )


def test_what_a_player_asks_for_is_handed_over_by_name(tmp_path: Path) -> None:
    roster = [
        Player("Wren Sol", path=tmp_path, max_len=512),
        Player("Ash Fen", path=tmp_path, dtype="int8"),
        Player("Far", hub="org/name", template="chatml"),
        Player("Fen Quill", demo="fen-quill"),
    ]
    server = NativeServer(roster, InferenceSettings(), environment={}, command=FAKE)
    command = " ".join(server._arguments[len(FAKE) :])
    assert command.startswith(
        f"serve --model Wren Sol={tmp_path} --max-len Wren Sol=512 --model Ash Fen={tmp_path} --dtype Ash Fen=int8"
        " --model Far=hf:org/name --template Far=chatml --model Fen Quill=demo:fen-quill --host "
    )


def test_a_player_without_a_path_is_a_mistake() -> None:
    with pytest.raises(ValueError, match="'Far' has no path"):
        NativeServer([Player("Far", base_urls=("http://h/v1",))], InferenceSettings(), environment={})
