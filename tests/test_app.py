"""The command: mistakes that are reported before anything starts, and a run of the process from start to end.

The models are scripted servers; `tests/end_to_end` runs the real model server.
"""

import asyncio
import errno
import fcntl
import hashlib
import hmac
import os
import secrets
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

import app
from arena.settings import Settings, SettingsError
from db import queries
from db.codes import State
from db.queries import NewBattle
from db.session import open_database
from tests.fakes import Script, ScriptedEndpoint
from tests.fakes.socks import FakeSocks
from tests.ports import free_port
from tests.waiting import until

APP = Path(app.__file__)
TWO = """
[[models]]
name = "m0"
base_url = "http://127.0.0.1:9/v1"
[[models]]
name = "m1"
base_url = "http://127.0.0.1:9/v1"
"""


def config(folder: Path, text: str) -> list[str]:
    (folder / "arena.toml").write_text(text, encoding="utf-8")
    return ["--config", str(folder / "arena.toml"), "--data", str(folder / "data"), "--port", str(free_port())]


def remote(*servers: ScriptedEndpoint) -> str:
    return "".join(f'[[models]]\nname = "m{n}"\nbase_url = "{server.base_url}"\n' for n, server in enumerate(servers))


def refusal(capsys: pytest.CaptureFixture[str], arguments: list[str]) -> str:
    """Return the one line with which the command refuses."""
    assert app.main(arguments) == 1
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.count("\n") == 1
    return printed.err


def test_help_lists_every_option() -> None:
    printed = subprocess.run(
        [sys.executable, APP, "--help"], capture_output=True, text=True, timeout=60, check=True
    ).stdout
    for option in ("--config FILE", "--data DIR", "--db URL", "--host HOST", "--port PORT", "ARENA_BATTLE_MAX_TOKENS"):
        assert option in printed


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[battle]\nmax_token = 3\n", "unknown key 'max_token'; did you mean 'max_tokens'?"),
        ("[battle]\ntop_p = 2\n", "[battle] top_p: 2 is out of range"),
        ("[battle\n", "arena.toml: not a TOML file: "),
        ('[[models]]\nname = "m"\npath = "missing"\n', "'m' path: no folder "),
        (
            '[[models]]\nname = "m"\nbase_url = "http://h"\napi_key_env = "NO_SUCH_KEY"\n',
            "the environment has no NO_SUCH_KEY",
        ),
        ('[arena]\ndatabase = "nonsense"\n' + TWO, "nonsense"),
        ("", "no active model; a battle needs two models"),
        ('[[models]]\nname = "m"\nbase_url = "http://h"\n', "only 'm' is active; a battle needs two models"),
        ("n = " + "9" * 5000, "arena.toml: not a TOML file: "),
        ("n = " + "[" * 5000, "arena.toml: nested too deeply; expected tables and lists of at most 32 levels"),
        (
            '[web]\npublic_url = "https://h.example/leaderboard"\n' + TWO,
            "/leaderboard is an address of the arena itself; choose another path",
        ),
    ],
)
def test_a_mistake_is_reported_in_one_line_before_anything_starts(
    text: str, message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    printed = refusal(capsys, config(tmp_path, text))
    assert printed.startswith("arena: ")
    assert message in printed


def test_a_missing_settings_file_is_reported(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    printed = refusal(capsys, ["--config", str(tmp_path / "none.toml")])
    assert printed == f"arena: no file {tmp_path / 'none.toml'}; name your settings file with --config FILE\n"


def test_without_arena_toml_the_command_names_init(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert refusal(capsys, []) == (
        "arena: there is no arena.toml in this folder; write one with `arena init`,"
        " or name your settings with --config FILE\n"
    )
    assert app.main(["init"]) == 0
    assert (tmp_path / "arena.toml").read_bytes() == (APP.parent / "arena.toml").read_bytes()


def test_a_link_to_nowhere_is_not_taken_for_a_missing_arena_toml(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """`arena init` refuses it, so a message that advises `arena init` would lead in a circle."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "arena.toml").symlink_to("nowhere.toml")
    assert refusal(capsys, []) == "arena: no file arena.toml; name your settings file with --config FILE\n"


def test_a_secret_that_is_too_short_is_reported(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = config(tmp_path, TWO)
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "secret").write_text("x")
    assert "has 1 bytes; expected a secret of at least 32" in refusal(capsys, arguments)


@pytest.mark.parametrize(
    ("number", "advice"),
    [
        (errno.EADDRINUSE, "stop the program that uses it, or choose another port with --port"),
        (errno.EADDRNOTAVAIL, "choose an address of this machine with --host"),
        (errno.EACCES, "choose a port from 1024 on with --port"),
    ],
)
def test_an_address_that_cannot_be_bound_is_reported_with_advice(
    number: int, advice: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    class Refusing(socket.socket):
        def bind(self, _address: object) -> None:
            raise OSError(number, os.strerror(number))

    arguments = config(tmp_path, TWO)
    monkeypatch.setattr(socket, "socket", Refusing)
    printed = refusal(capsys, arguments)
    assert printed == f"arena: cannot listen on 127.0.0.1 port {arguments[-1]}: {os.strerror(number)}; {advice}\n"


def test_a_file_with_a_byte_order_mark_is_read(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Some editors write one; it was reported as an invalid statement in line 1."""
    arguments = config(tmp_path, "\ufeff[battle]\ntop_p = 2\n")
    assert "[battle] top_p: 2 is out of range" in refusal(capsys, arguments)


def test_a_port_in_use_is_reported_before_any_folder_is_made(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        printed = refusal(capsys, [*config(tmp_path, ""), "--port", str(port)])
    assert printed == (
        f"arena: cannot listen on 127.0.0.1 port {port}: Address already in use;"
        " stop the program that uses it, or choose another port with --port\n"
    )
    assert not (tmp_path / "data").exists()


def test_an_address_of_another_machine_is_reported(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert "cannot listen on 192.0.2.1" in refusal(capsys, [*config(tmp_path, ""), "--host", "192.0.2.1"])


@pytest.mark.parametrize("host", ["a" * 64, "a..b"])
def test_an_impossible_host_name_is_reported(host: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    printed = refusal(capsys, [*config(tmp_path, TWO), "--host", host])
    assert printed.startswith(f"arena: cannot listen on {host!r}: ")
    assert printed.endswith("expected a host name or an address, choose it with --host\n")


def test_settings_that_are_a_folder_are_reported(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert refusal(capsys, ["--config", str(tmp_path)]) == (
        f"arena: {tmp_path} cannot be read: Is a directory; name your settings file with --config FILE\n"
    )


def test_a_data_folder_that_cannot_be_made_is_reported(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = config(tmp_path, TWO)
    for data, reason in (
        (tmp_path / "arena.toml", "File exists"),
        (tmp_path / "arena.toml" / "data", "Not a directory"),
        (Path("/proc"), "No such file or directory"),
    ):
        assert refusal(capsys, [*arguments, "--data", str(data)]) == (
            f"arena: the data folder {data} cannot be used: {reason}; choose one that you can write to with --data\n"
        )


def test_a_secret_that_cannot_be_read_is_reported(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = config(tmp_path, TWO)
    secret = tmp_path / "data" / "secret"
    secret.mkdir(parents=True)
    assert f"{secret} cannot be read or written: Is a directory" in refusal(capsys, arguments)


def test_a_database_that_does_not_answer_is_reported_in_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The driver's own message has two lines."""
    address = f"postgresql://arena:word@127.0.0.1:{free_port()}/arena"
    printed = refusal(capsys, [*config(tmp_path, TWO), "--db", address])
    assert "Connection refused" in printed
    assert "word" not in printed
    assert printed.endswith("; start or repair the database, or name another with --db\n")


def test_the_model_server_gets_the_environment_unchanged(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The pages' libraries stay off the network, but the server may have to download a model named hf:ORG/NAME."""
    given: dict[str, str] = {}

    def wire(_settings: Settings, environment: dict[str, str], _held: ExitStack, _read: object) -> FastAPI:
        given.update(environment)
        raise SettingsError("enough")

    monkeypatch.setattr(app, "_wire", wire)
    monkeypatch.delenv("HF_HUB_OFFLINE", raising=False)
    monkeypatch.setenv("HF_HOME", "/srv/hub")
    assert refusal(capsys, config(tmp_path, TWO)) == "arena: enough\n"
    assert os.environ["HF_HUB_OFFLINE"] == "1"
    assert "HF_HUB_OFFLINE" not in given
    assert given["HF_HOME"] == "/srv/hub"


@contextmanager
def running(arguments: list[str], **variables: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """Start the process; yield it and its address once it is printed."""
    environment = {**os.environ, "PYTHONUNBUFFERED": "1", **variables}
    process = subprocess.Popen(
        [sys.executable, APP, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment
    )
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        assert line.startswith("The arena is at http://127.0.0.1:"), process.communicate(timeout=10)[1]
        yield process, line.split()[4]
    finally:
        process.kill()
        process.communicate(timeout=10)


def test_it_serves_pages_to_visitors_and_ends_in_time_with_streams_open(tmp_path: Path) -> None:
    with ScriptedEndpoint() as one, ScriptedEndpoint() as two:
        with (
            running(config(tmp_path, remote(one, two))) as (process, address),
            httpx.Client(base_url=address) as browser,
        ):
            page = browser.get("/")
            assert page.status_code == 200
            assert page.headers["content-encoding"] == "gzip"
            policy = page.headers["content-security-policy"]
            nonce = policy.partition("'nonce-")[2].partition("'")[0]
            assert f'<head><script nonce="{nonce}">(()=>{{' in page.text
            assert "frame-ancestors 'none'" in policy
            assert browser.cookies["visitor"]
            assert "m0" not in browser.get("/config").text

            assert browser.get("/health").json()["models"]["active"] == 2
            assert browser.get("/leaderboard.json").json()["unrated"] == ["m0", "m1"]
            assert browser.get("/leaderboard.csv").text.startswith("model,rank,rating,")
            assert browser.get("/leaderboard").status_code == browser.get("/about").status_code == 200
            for closed in ("/docs", "/openapi.json", "/gradio_api/info", "/monitoring/summary"):
                assert browser.get(closed).status_code == 404
            stranger = {"origin": "https://evil.example", "host": "arena.example"}
            assert "access-control-allow-origin" not in browser.get("/config", headers=stranger).headers

            with browser.stream("GET", "/gradio_api/heartbeat/abc") as stream:
                assert stream.status_code == 200
                started = time.monotonic()
                process.send_signal(signal.SIGTERM)
                assert process.wait(timeout=20) == 0
                assert time.monotonic() - started < 10
            assert process.stderr is not None
            assert "Traceback" not in process.stderr.read()
    assert {file.name for file in (tmp_path / "data").iterdir()} >= {"secret", "arena.sqlite"}


def test_models_are_reached_through_a_socks_proxy(tmp_path: Path) -> None:
    """With ALL_PROXY=socks5://... in the environment the arena ended in a traceback, even without remote models."""
    text = "".join(f'[[models]]\nname = "m{n}"\nbase_url = "http://m{n}.example/v1"\n' for n in range(2))
    with ScriptedEndpoint() as one, ScriptedEndpoint() as two:
        with FakeSocks({"m0.example": one.port, "m1.example": two.port}) as proxy:
            arguments = config(tmp_path, text + '[battle]\npace = "free"\n')
            with running(arguments, ALL_PROXY=proxy.url, NO_PROXY="") as (process, address):
                assert "Hello there." in ask(address, visitor=secrets.token_hex(16), came_from="203.0.113.7")
                process.terminate()
                assert process.stderr is not None
                assert "Traceback" not in process.stderr.read()
            assert set(proxy.asked) == {"m0.example", "m1.example"}


def test_the_keys_of_a_models_table_shape_its_requests(tmp_path: Path) -> None:
    keys = """
max_tokens = 300
thinking_tokens = 50
headers = { api-key = "env:KEY_OF_M", x-title = "Arena" }
extra_body = { reasoning_effort = "low" }
omit = ["top_p"]
rename = { max_tokens = "max_completion_tokens" }
"""
    with ScriptedEndpoint() as one, ScriptedEndpoint() as two:
        models = "".join(
            f'[[models]]\nname = "m{number}"\nbase_url = "{server.base_url}"\nmodel = "scripted"\n{keys}'
            for number, server in enumerate((one, two))
        )
        arguments = config(tmp_path, models + '[battle]\npace = "free"\n')
        with running(arguments, KEY_OF_M="sk-of-m") as (process, address):
            assert "Hello there." in ask(address, visitor=secrets.token_hex(16), came_from="203.0.113.7")
            process.terminate()
        for server in (one, two):
            assert server.headers[-1]["api-key"] == "sk-of-m"
            assert server.headers[-1]["x-title"] == "Arena"
            body = server.received[-1]
            assert (body["max_completion_tokens"], body["reasoning_effort"]) == (350, "low")
            assert not {"max_tokens", "top_p"} & body.keys()


def test_certificates_that_cannot_be_read_are_reported_in_one_line(tmp_path: Path) -> None:
    """Gradio's import fails on them, with a message that does not name the file."""
    done = subprocess.run(
        [sys.executable, APP, *config(tmp_path, TWO)],
        env={**os.environ, "SSL_CERT_FILE": "/nowhere"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 1
    assert done.stderr.startswith("arena: the file that SSL_CERT_FILE names")
    assert done.stderr.count("\n") == 1


def test_an_unusable_proxy_does_not_matter_for_local_models(tmp_path: Path) -> None:
    with ScriptedEndpoint() as one, ScriptedEndpoint() as two:
        variables = {"ALL_PROXY": "socks4://h:1", "no_proxy": "[::1]"}
        with running(config(tmp_path, remote(one, two)), **variables) as (process, address):
            assert httpx.get(address, trust_env=False).status_code == 200
            process.terminate()
            assert process.stderr is not None
            assert "Traceback" not in process.stderr.read()


def test_requests_that_no_page_sends_are_refused_without_a_log_entry(tmp_path: Path) -> None:
    """Gradio answers such requests with status 500 and a traceback."""
    with ScriptedEndpoint() as one, ScriptedEndpoint() as two:
        with running(config(tmp_path, remote(one, two))) as (process, address):
            with httpx.Client(base_url=address) as browser:
                events = browser.get("/config").json()["dependencies"]
                call = {"fn_index": events[0]["id"], "data": ["x"] * len(events[0]["inputs"]), "session_hash": "s"}
                for wrong in (
                    {"fn_index": 10**6},
                    {"fn_index": None},
                    {"data": ["x"] * (len(events[0]["inputs"]) + 1)},
                    {"session_hash": ""},
                    {"event_id": "x"},
                ):
                    for path in ("/gradio_api/queue/join", "/gradio_api/run/predict"):
                        assert browser.post(path, json=call | wrong).status_code == 400, wrong
                for event in events:
                    if not event["backend_fn"]:
                        empty = {"fn_index": event["id"], "data": [], "session_hash": "s"}
                        assert browser.post("/gradio_api/run/predict", json=empty).status_code == 400
                assert browser.post("/gradio_api/cancel", content=b'{"data": [NaN]}').status_code == 400
                assert browser.get("/?page=nowhere").status_code == 404
                unknown = browser.get("/gradio_api/queue/data", params={"session_hash": "nobody"})
                assert '"session_not_found":true' in unknown.text
            process.terminate()
            assert process.stderr is not None
            log = process.stderr.read()
    assert "Traceback" not in log
    assert "ERROR" not in log


def ask(address: str, *, visitor: str, came_from: str, prompt: str = "Hi") -> str:
    """Send a prompt as the page does, through a proxy that names its origin; return all that the page receives."""
    headers = {"x-forwarded-for": came_from, "cookie": f"visitor={visitor}"}
    with httpx.Client(base_url=address, headers=headers) as browser:
        config = browser.get("/config").json()
        parts = {part["id"]: part["props"].get("elem_id") for part in config["components"]}
        (button,) = [one for one in config["page"][""]["components"] if parts[one] == "send"]  # not a named page's
        (send,) = [event for event in config["dependencies"] if [button, "click"] in event["targets"]]
        values: list[Any] = ["", prompt]  # no battle yet, and the prompt
        event = {"fn_index": send["id"], "data": values, "session_hash": visitor[:10], "trigger_id": button}
        assert browser.post("/gradio_api/queue/join", json=event).status_code == 200
        return browser.get("/gradio_api/queue/data", params={"session_hash": visitor[:10]}).text


def test_a_server_without_a_model_list_is_probed_with_a_battle_request(tmp_path: Path) -> None:
    """Without probes, the server without a list would never play, and the one without a key would fail a visitor."""
    settings = '[battle]\nmax_tokens = 77\ntemperature = 0.3\ntop_p = 0.8\nsystem_prompt = "Be kind."\n'
    with (
        ScriptedEndpoint(models_status=404) as works,
        ScriptedEndpoint(Script(status=401), models_status=401) as has_no_key,
        running(config(tmp_path, remote(works, has_no_key) + settings)) as (process, address),
    ):
        asyncio.run(until(lambda: bool(has_no_key.received)))
        asyncio.run(until(lambda: httpx.get(f"{address}/health").json()["models"]["ready"] == 1))
        (tried,) = works.received
        process.terminate()
        assert process.stderr is not None
        log = process.stderr.read()
    assert (tried["max_tokens"], tried["temperature"], tried["top_p"]) == (77, 0.3, 0.8)
    assert [message["role"] for message in tried["messages"]] == ["system", "user"]
    assert tried["messages"][0]["content"] == "Be kind."
    assert log.count("ERROR") == 1
    assert "player 'm1' leaves the draw until it is fixed" in log


def test_battles_are_limited_by_address_and_no_address_is_stored(tmp_path: Path) -> None:
    with ScriptedEndpoint() as one, ScriptedEndpoint() as two:
        text = remote(one, two) + '[limits]\nbattles_per_hour = 1\n[battle]\npace = "free"\n'
        with running(config(tmp_path, text)) as (_, address):
            for number in range(10):  # ten times a visitor's limit, each from another address of one network
                shown = ask(address, visitor=secrets.token_hex(16), came_from=f"2001:db8:1:2::{number}")
                assert "Hello there." in shown
            shown = ask(address, visitor=secrets.token_hex(16), came_from="2001:db8:1:2:3:4:5:6")
            assert "Hello there." not in shown
            assert "limit is 10 battles" in shown
            for other in ("2001:db8:1:3::1", "unknown", "_hidden"):
                assert "Hello there." in ask(address, visitor=secrets.token_hex(16), came_from=other)
        key = (tmp_path / "data" / "secret").read_bytes().strip()
        with closing(sqlite3.connect(tmp_path / "data" / "arena.sqlite")) as database:
            stored = [row[0] for row in database.execute("SELECT address FROM battles ORDER BY id")]
            dump = "\n".join(database.iterdump())
    networks = (
        ["2001:db8:1:2::/64"] * 10 + ["2001:db8:1:3::/64"] + ["unknown"] * 2
    )  # all without an address share one limit
    assert stored == [hmac.new(key, f"address:{one}".encode(), hashlib.sha256).hexdigest() for one in networks]
    assert "2001:" not in dump


def test_one_data_folder_takes_one_arena_and_a_killed_one_leaves_no_lock(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Two would have one name in the database, and each start would void the battles of the other one."""
    with ScriptedEndpoint() as one, ScriptedEndpoint() as two:
        first = config(tmp_path, remote(one, two))
        with running(first) as (process, address):
            printed = refusal(capsys, [*first, "--port", str(free_port())])
            assert printed == (
                f"arena: another arena uses the data folder {tmp_path / 'data'};"
                " stop it, or choose another folder with --data\n"
            )
            assert httpx.get(f"{address}/health").status_code == 200
            process.kill()
            process.wait(timeout=10)
            with running(first) as (_, address):
                assert httpx.get(f"{address}/health").status_code == 200


def test_two_arenas_on_one_database_end_no_battle_of_each_other(tmp_path: Path) -> None:
    """Both were called main, and each start voided the battles of the other one."""

    def states() -> list[State]:
        with closing(sqlite3.connect(tmp_path / "shared.sqlite")) as database:
            return [State(row[0]) for row in database.execute("SELECT state FROM battles ORDER BY id")]

    def stream_a_battle(folder: Path) -> None:
        """As the arena of the folder does it, and is killed."""
        database = open_database(shared)
        with database.write() as tx:
            names = NewBattle("v" * 64, "m0", "m1", None, replica=(folder / "data" / "replica").read_text().strip())
            queries.open_battle(tx, names, now=time.time())
        database.close()

    shared = f"sqlite:///{tmp_path / 'shared.sqlite'}"
    with ScriptedEndpoint() as one, ScriptedEndpoint() as two:
        arenas = []
        for name in ("ann", "ben"):
            (tmp_path / name).mkdir()
            arenas.append([*config(tmp_path / name, remote(one, two)), "--db", shared])
        with running(arenas[0]):
            stream_a_battle(tmp_path / "ann")
            with running(arenas[1]):
                assert states() == [State.OPEN]
                stream_a_battle(tmp_path / "ben")
        with running(arenas[0]):
            assert states() == [State.VOID, State.OPEN]


def test_the_folder_is_locked_before_the_database_is_touched(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = config(tmp_path, TWO)
    (tmp_path / "data").mkdir()
    with (tmp_path / "data" / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        assert "another arena uses the data folder" in refusal(capsys, arguments)
    assert [file.name for file in (tmp_path / "data").iterdir()] == ["lock"]


def metrics_of(port: int) -> str:
    return httpx.get(f"http://127.0.0.1:{port}/metrics").text


def test_the_owners_page_is_beside_the_pages_and_sighup_reads_the_file_again(tmp_path: Path) -> None:
    port = free_port()
    with ScriptedEndpoint() as one, ScriptedEndpoint() as two, ScriptedEndpoint() as three:
        arguments = config(tmp_path, remote(one, two))
        with running(arguments, ARENA_WEB_ADMIN_PORT=str(port)) as (process, address):
            assert process.stdout is not None
            line = process.stdout.readline()
            printed = line.removeprefix("The owner's page is at ").strip()
            assert printed.startswith(f"http://127.0.0.1:{port}/?token=")
            with httpx.Client(follow_redirects=True) as owner:
                assert "m0" in owner.get(printed).text
            assert httpx.get(printed.partition("?")[0]).status_code == 403
            asyncio.run(until(lambda: 'arena_model_state{model="m1",state="ready"} 1.0' in metrics_of(port)))
            assert httpx.get(f"{address}/metrics").status_code == 404

            (tmp_path / "arena.toml").write_text(remote(one, two, three))
            process.send_signal(signal.SIGHUP)
            asyncio.run(until(lambda: 'arena_model_state{model="m2",state="ready"} 1.0' in metrics_of(port)))
            assert httpx.get(f"{address}/health").json()["models"] == {
                "active": 3,
                "ready": 3,
                "loading": 0,
                "failed": 0,
            }
            process.terminate()
            assert process.wait(timeout=20) == 0
            assert process.stderr is not None
            log = process.stderr.read()
    assert "settings read again: [[models]] 'm2'" in log
    assert "Traceback" not in log
    assert printed.partition("token=")[2] not in log


def test_an_admin_port_in_use_does_not_stop_the_arena(tmp_path: Path) -> None:
    with ScriptedEndpoint() as one, ScriptedEndpoint() as two:
        arguments = config(tmp_path, remote(one, two))
        with running(arguments, ARENA_WEB_ADMIN_PORT=str(one.port)) as (process, address):
            assert httpx.get(f"{address}/health").status_code == 200
            process.terminate()
            assert process.stdout is not None
            assert process.stderr is not None
            assert process.stdout.read() == ""
            log = process.stderr.read()
    assert f"there is no owner's page: cannot listen on 127.0.0.1 port {one.port}: Address already in use;" in log
    assert "choose another port with admin_port of [web] (0 for none)" in log
