"""Start the model server with the models that clients talk to, and run one client's checks in its environment."""

import contextlib
import json
import os
import shutil
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

from bench.clients.checking import Server
from bench.clients.known import ROOT, Client
from bench.clients.models import write_hugging_face, write_long_llama
from bench.clients.outcomes import Outcome

LOG = "server.log"
_START_S = 180
_CLIENT_S = 900
# What each client offers to keep it from asking for price lists, updates, model files and statistics.
_OPTED_OUT = {
    "AIDER_ANALYTICS": "false",
    "AIDER_CHECK_UPDATE": "false",
    "ANONYMIZED_TELEMETRY": "False",
    "DO_NOT_TRACK": "1",
    "HF_DATASETS_OFFLINE": "1",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "HF_HUB_OFFLINE": "1",
    "LANGCHAIN_TRACING_V2": "false",
    "LANGSMITH_TRACING": "false",
    "LITELLM_LOCAL_MODEL_COST_MAP": "True",
    "LITELLM_TELEMETRY": "False",
    "OTEL_SDK_DISABLED": "true",
}


@contextlib.contextmanager
def serving(folder: Path) -> Iterator[Server]:
    """Serve a demo model, the same in Hugging Face's layout, and a Llama of random weights with a long context.

    The server's log is in LOG in `folder`.
    """
    hugging_face = write_hugging_face(folder / "wren-hf")
    models = ("wren=demo:wren-sol", f"wren-hf={hugging_face}", f"long={write_long_llama(folder / 'long')}")
    command = [sys.executable, "-m", "inference", "serve", "--port", "0", "--no-prefix-reuse"]
    with (folder / LOG).open("w", encoding="utf-8") as log:
        process = subprocess.Popen(
            [*command, *(f"--model={model}" for model in models)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
            cwd=ROOT,
            env=os.environ | {"GOMP_SPINCOUNT": "0"},
        )
    try:
        assert process.stdout is not None
        greeting = process.stdout.readline()
        if not greeting:
            raise RuntimeError(f"the model server ended with code {process.wait()}:\n{(folder / LOG).read_text()}")
        url = greeting.split()[-1]
        _wait(url)
        yield Server(url, "wren", "long", "wren-hf", str(hugging_face))
    finally:
        process.terminate()
        process.wait(timeout=60)


def _wait(url: str) -> None:
    deadline = time.monotonic() + _START_S
    while True:
        try:
            urllib.request.urlopen(f"{url}/health", timeout=10).close()
        except urllib.error.HTTPError as error:
            if time.monotonic() > deadline:
                raise RuntimeError(f"{url}/health: {error.read().decode()} after {_START_S} s") from error
            time.sleep(0.2)
        else:
            return


def run(client: Client, server: Server, home: Path) -> Outcome:
    """Run the checks of a client with an empty home folder, and with everything that it may send elsewhere off."""
    shutil.rmtree(home, ignore_errors=True)
    home.mkdir(parents=True)
    environment = {name: os.environ[name] for name in ("PATH", "LANG", "LC_ALL") if name in os.environ}
    environment |= _OPTED_OUT | {"HOME": str(home), "PYTHONPATH": str(ROOT), "GOMP_SPINCOUNT": "0"}
    command = [str(client.python), "-m", "bench.clients.checking", client.module, client.package]
    done = subprocess.run(
        [*command, json.dumps(asdict(server))],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        env=environment,
        timeout=_CLIENT_S,
        check=False,
    )
    outcome = Outcome(client.name)
    for line in done.stdout.splitlines():
        report: dict[str, Any] = json.loads(line)
        outcome.version = report.get("version", outcome.version)
        if "check" not in report:
            continue
        if report["error"]:
            outcome.failed[report["check"]] = report["error"]
        else:
            outcome.passed.append(report["check"])
    if done.returncode:
        outcome.failed["start"] = f"its process ended with code {done.returncode}; its error is above"
    return outcome
