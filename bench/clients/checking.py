"""Run the checks of one client, in a process of the client's environment, and report each as a line of JSON.

    .venv-clients/bin/python -m bench.clients.checking openai_sdk openai '{"url": …}'

What a client prints goes to stderr. A connection to any other machine is refused, and makes the last check fail: by
default many clients ask for price lists and updates, or send statistics. Only the standard library is imported here.
"""

import importlib
import json
import os
import sys
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from typing import Any, TypeVar

_Error = TypeVar("_Error", bound=Exception)
_HERE = {"localhost", "127.0.0.1", "::1", ""}


@dataclass(frozen=True, slots=True)
class Server:
    """A server to be checked. `folder` is the model `hugging_face` in Hugging Face's layout; `long` has the longest
    context and random weights."""

    url: str
    model: str
    long: str = ""
    hugging_face: str = ""
    folder: str = ""

    @property
    def v1(self) -> str:
        return f"{self.url}/v1"


Check = Callable[[Server], None]


def question(text: str = "What is 17 plus 25?") -> dict[str, str]:
    return {"role": "user", "content": text}


def refusal(kind: type[_Error], ask: Callable[[], object]) -> _Error:
    """Return the error of this kind with which `ask` ends. Raises AssertionError where it does not."""
    try:
        ask()
    except kind as error:
        return error
    raise AssertionError("it was not refused")


def refuse_other_machines(asked: list[str]) -> None:
    """Refuse connections to other machines from here on, in Python code, and add their names to `asked`."""

    def hook(event: str, arguments: tuple[Any, ...]) -> None:
        if event == "socket.getaddrinfo":
            host = arguments[0]
        elif event == "socket.connect" and isinstance(arguments[1], tuple):
            host = arguments[1][0]
        else:
            return
        host = host.decode() if isinstance(host, bytes) else host
        if host is None or host in _HERE:
            return
        asked.append(str(host))
        raise ConnectionRefusedError(f"a check of a client may not ask {host}")

    sys.addaudithook(hook)


def main(argv: Sequence[str] | None = None) -> int:
    module, package, server_json = sys.argv[1:] if argv is None else argv
    reports = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    asked: list[str] = []
    refuse_other_machines(asked)
    server = Server(**json.loads(server_json))
    os.chdir(os.environ["HOME"])
    checks: Sequence[Check] = importlib.import_module(f"bench.clients.each.{module}").CHECKS
    print(json.dumps({"version": version(package)}), file=reports, flush=True)

    def no_other_machine_was_asked(server: Server) -> None:
        assert not asked, f"asked and refused: {', '.join(sorted(set(asked)))}"

    for check in (*checks, no_other_machine_was_asked):
        error = ""
        try:
            check(server)
        except Exception as failure:
            traceback.print_exc()
            error = f"{type(failure).__name__}: {failure}"
        print(json.dumps({"check": check.__name__.replace("_", " "), "error": error}), file=reports, flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
