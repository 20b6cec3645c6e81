"""The child process that renders one Jinja template, in jinja2's sandbox.

It reads and answers lines of JSON: first the template and the bounds, then renderings. It imports nothing of this
project, runs by path with an empty environment, and can open no file after it has started. Templates find what
transformers gives them: the same filters, functions and whitespace.

A rendering that takes more CPU time than allowed ends this process: the default action of SIGPROF also stops code in
C. More memory than allowed is a MemoryError. `sandbox` starts the process, and starts another when it has ended.
"""

import contextlib
import json
import resource
import signal
import sys
from collections.abc import Callable
from datetime import datetime
from typing import Any


class Refused(Exception):
    """The template called raise_exception."""


def main() -> None:
    start = json.loads(sys.stdin.buffer.readline())
    sys.path[:] = start["path"]
    environment = _environment()
    _limit(start["memory"])
    compiled: list[Any] = []
    if not _answer(start["cpu_s"], lambda: compiled.append(environment.from_string(start["template"]))):
        return
    while line := sys.stdin.buffer.readline():
        asked = json.loads(line)

        def render(asked: Any = asked) -> list[str]:
            return [_rendered(compiled[0], variables, asked["longest"]) for variables in asked["variables"]]

        _answer(asked["cpu_s"], render)


def _answer(cpu_s: float, work: Callable[[], list[str] | None]) -> bool:
    """Write the result of `work`, or its error. Return whether there was none."""
    answer: dict[str, Any]
    try:
        _alarm(cpu_s)
        answer = {"texts": work()}
    except Refused as error:
        answer = {"refused": str(error)[:500]}
    except RecursionError:
        answer = {"error": "it recurses too deeply"}
    except MemoryError:
        answer = {"error": "it needs too much memory"}
    except Exception as error:  # anything that a template can cause
        answer = {"error": f"{type(error).__name__}: {str(error)[:500]}"}
    finally:
        _alarm(0)
    sys.stdout.buffer.write(json.dumps(answer, ensure_ascii=False).encode(errors="surrogatepass") + b"\n")
    sys.stdout.buffer.flush()
    return "texts" in answer


def _alarm(cpu_s: float) -> None:
    signal.setitimer(signal.ITIMER_PROF, cpu_s)


def _rendered(template: Any, variables: dict[str, Any], longest: int) -> str:
    parts, length = [], 0
    for part in template.generate(**variables):
        length += len(part)
        if length > longest:
            raise ValueError(f"it writes more than {longest:,} characters")
        parts.append(part)
    return "".join(parts)


def _environment() -> Any:
    # Python and jinja2 import some of these when they need them, which is too late after _limit.
    import encodings.unicode_escape  # noqa: F401
    import html  # noqa: F401
    import pprint  # noqa: F401
    import textwrap  # noqa: F401

    import jinja2.debug
    import jinja2.ext
    import jinja2.nodes
    import jinja2.sandbox

    class Generation(jinja2.ext.Extension):
        """{% generation %}, with which training marks the assistant's tokens."""

        tags = {"generation"}  # noqa: RUF012

        def parse(self, parser: Any) -> Any:
            line = next(parser.stream).lineno
            body = parser.parse_statements(("name:endgeneration",), drop_needle=True)
            return jinja2.nodes.Scope(body).set_lineno(line)

    environment = jinja2.sandbox.ImmutableSandboxedEnvironment(
        trim_blocks=True, lstrip_blocks=True, extensions=[Generation, jinja2.ext.loopcontrols]
    )
    environment.filters["tojson"] = _tojson
    environment.globals["raise_exception"] = _raise_exception
    environment.globals["strftime_now"] = lambda form: datetime.now().strftime(form)  # noqa: DTZ005  # as transformers
    datetime.now().astimezone()  # reads the time zone's file
    return environment


def _raise_exception(message: object) -> None:
    raise Refused(message)


def _tojson(
    value: Any, ensure_ascii: bool = False, indent: Any = None, separators: Any = None, sort_keys: bool = False
) -> str:
    return json.dumps(value, ensure_ascii=ensure_ascii, indent=indent, separators=separators, sort_keys=sort_keys)


def _limit(memory: int) -> None:
    """Bound the memory, and let no file be opened or written from now on."""
    for kind, most in (
        (resource.RLIMIT_AS, memory),
        (resource.RLIMIT_NOFILE, 0),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
    ):
        with contextlib.suppress(ValueError, OSError):  # macOS refuses some
            resource.setrlimit(kind, (most, most))


if __name__ == "__main__":
    main()
