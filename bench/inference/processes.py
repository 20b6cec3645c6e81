"""Start an engine in its own process, send it jobs, and stop it."""

import json
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from bench.inference.engines.interface import Job, Timing


class EngineProcessError(RuntimeError):
    """An engine's process ended before it answered; its stderr shows why."""


class EngineProcess:
    """A process with one engine and one model (`bench.inference.worker`), for a `with` statement."""

    def __init__(self, engine: str, model: Path, dtype: str, environment: dict[str, str]) -> None:
        self.engine = engine
        command = [sys.executable, "-m", "bench.inference.worker"]
        self._process = subprocess.Popen(
            [*command, "--engine", engine, "--model", str(model), "--dtype", dtype],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=Path(__file__).resolve().parents[2],
            env=environment,
        )
        self.isa: str = self._read()["isa"]

    def run(self, job: Job) -> tuple[Timing, int]:
        """Return a job's timing and the peak resident memory in bytes."""
        answer = self._ask(asdict(job))
        return Timing(**answer["timing"]), answer["peak_bytes"]

    def last_logits(self, ids: list[int]) -> list[float]:
        logits: list[float] = self._ask({"logits_of": ids})["logits"]
        return logits

    def close(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(timeout=60)

    def _ask(self, request: dict[str, Any]) -> dict[str, Any]:
        assert self._process.stdin is not None
        print(json.dumps(request), file=self._process.stdin, flush=True)
        return self._read()

    def _read(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise EngineProcessError(
                f"the process of {self.engine} ended with code {self._process.wait()}; its error is above"
            )
        answer: dict[str, Any] = json.loads(line)
        return answer

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is not None:
            self._process.kill()
        self.close()
