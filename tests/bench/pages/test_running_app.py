"""Waiting for an arena that is not ready."""

import asyncio
import sys

import pytest

from bench.pages import running_app
from bench.pages.running_app import running

NOWHERE = "http://127.0.0.1:9"


async def _run(program: str) -> None:
    async with running([sys.executable, "-c", program], NOWHERE):
        raise AssertionError("the app is not ready")


def test_an_app_that_ends_is_an_error_with_its_code() -> None:
    with pytest.raises(RuntimeError, match=r"app.py ended with code 3"):
        asyncio.run(_run("raise SystemExit(3)"))


def test_an_app_that_is_never_ready_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(running_app, "_READY_WITHIN_S", 0.5)
    with pytest.raises(TimeoutError, match=r"no two models ready within 0.5 s"):
        asyncio.run(_run("import time; time.sleep(60)"))
