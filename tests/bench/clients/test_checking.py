"""The checks of a client run in a process that asks no other machine."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from bench.clients.checking import refusal

ROOT = Path(__file__).resolve().parents[3]
CLIENT = '''
"""A client that wants to send statistics."""
import socket
from contextlib import suppress

def answers(server):
    assert server.model == "wren"
    print("noise")

def fails(server):
    raise ValueError("nothing came")

def sends_statistics(server):
    with suppress(OSError):
        socket.create_connection(("statistics.invalid", 443))

CHECKS = (answers, fails, sends_statistics)
'''


def test_each_check_is_reported_and_other_machines_are_not_asked(tmp_path: Path) -> None:
    (tmp_path / "curious.py").write_text(CLIENT)
    start = "import sys, bench.clients.each as each; each.__path__.append(sys.argv[1])"
    done = subprocess.run(
        [
            *(
                sys.executable,
                "-c",
                f"{start}; from bench.clients import checking; sys.exit(checking.main(sys.argv[2:]))",
            ),
            *(str(tmp_path), "curious", "pytest", json.dumps({"url": "http://127.0.0.1:1", "model": "wren"})),
        ],
        capture_output=True,
        text=True,
        cwd=ROOT,
        env={"HOME": str(tmp_path), "PYTHONPATH": str(ROOT)},
        check=True,
    )
    version, *reports = map(json.loads, done.stdout.splitlines())
    assert version == {"version": pytest.__version__}
    assert {report["check"]: report["error"] for report in reports} == {
        "answers": "",
        "fails": "ValueError: nothing came",
        "sends statistics": "",
        "no other machine was asked": "AssertionError: asked and refused: statistics.invalid",
    }
    assert "noise" in done.stderr


def test_what_is_not_refused_is_an_error() -> None:
    with pytest.raises(AssertionError, match="not refused"):
        refusal(ValueError, lambda: 1)
    assert str(refusal(ValueError, lambda: int("x"))).startswith("invalid literal")
