"""Templates that would never end, or fill the memory, are stopped."""

import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from inference.text.chat.sandbox import CPU_S, Sandbox, TemplateError, TemplateRefusal

HELLO: dict[str, Any] = {"messages": [{"role": "user", "content": "Hello"}]}
ENDLESS = "{% for i in range(99999) %}{% for j in range(99999) %}{% endfor %}{% endfor %}"


@contextmanager
def sandbox(template: str) -> Iterator[Sandbox]:
    made = Sandbox(template)
    try:
        yield made
    finally:
        made.close()


def rendered(template: str, longest: int = 1000, **variables: object) -> str:
    with sandbox(template) as made:
        return made.render([{**HELLO, **variables}], longest=longest)[0]


def test_a_template_finds_what_transformers_gives_it() -> None:
    template = (
        "{% for m in messages %}\n    {%- if loop.first %}{{ m.content }}{% endif %}\n{% endfor %}\n"
        "{% for n in [1, 2, 3] %}{% if n == 2 %}{% break %}{% endif %}{{ n }}{% endfor %}"
        "{% generation %}{{ {'a': '<é>'} | tojson }}{% endgeneration %}{{ bos_token }}{{ other }}"
        "{{ '<b>&amp;</b>' | striptags }}{{ strftime_now('%Y') }}"
    )
    assert rendered(template, bos_token="<s>").startswith('Hello1{"a": "<é>"}<s>&20')


@pytest.mark.parametrize(
    ("template", "match"),
    [
        ("{% for i in range(10**9) %}{% endfor %}", "Range too big"),
        (ENDLESS, f"it was stopped after {CPU_S} s of CPU time"),
        ("{% macro f(n) %}{{ f(n + 1) }}{% endmacro %}{{ f(0) }}", "it recurses too deeply"),
        ("{{ " + "(" * 5000 + "1" + ")" * 5000 + " }}", "it recurses too deeply"),
        ("{{ 'a' * 10**9 }}", "it needs too much memory"),
        ("{{ messages[0].content * 10**9 }}", "it needs too much memory"),
        ("{{ messages[0].content | center(10**9) }}", "it needs too much memory"),
        (
            "{% set n = namespace(a='a') %}{% for i in range(60) %}{% set n.a = n.a + n.a %}{% endfor %}",
            "it needs too much memory",
        ),
        ("{% for i in range(9999) %}{{ i }}{% endfor %}", "it writes more than 1,000 characters"),
        ("{{ ''.__class__.__mro__ }}", "SecurityError: access to attribute '__class__'"),
        ("{{ messages.append(1) }}", "SecurityError: "),
        ("{% include 'x' %}", "no loader|TypeError"),
        ("{{ nope( }}", "TemplateSyntaxError: "),
    ],
)
def test_a_hostile_template_is_stopped_with_the_reason(template: str, match: str) -> None:
    with sandbox(template) as made:
        started = time.process_time(), time.monotonic()
        with pytest.raises(TemplateError, match=match):
            made.render([HELLO], longest=1000)
        assert time.process_time() - started[0] < 0.5, "this process waits"
        assert time.monotonic() - started[1] < 15, "about a second on an idle machine"


def test_a_stopped_template_leaves_nothing_behind_and_renders_again() -> None:
    with sandbox("{% if forever %}" + ENDLESS + "{% endif %}fine") as made:
        assert made.render([HELLO], longest=10) == ["fine"]
        child = made._child
        assert child is not None
        n_threads = threading.active_count()
        with pytest.raises(TemplateError, match="stopped after"):
            made.render([{**HELLO, "forever": True}], longest=10)
        with pytest.raises(ProcessLookupError):
            os.kill(child.pid, 0)
        assert threading.active_count() == n_threads
        assert made.render([HELLO, HELLO], longest=10) == ["fine", "fine"]
        again = made._child
        assert again is not None
        again.kill()
        again.wait()
        assert made.render([HELLO], longest=10) == ["fine"], "a child that something else ended"


def test_a_template_that_refuses_says_why() -> None:
    with pytest.raises(TemplateRefusal, match="roles must alternate"):
        rendered("{{ raise_exception('roles must alternate') }}")


def test_the_child_sees_no_environment_and_opens_no_file(monkeypatch: pytest.MonkeyPatch) -> None:
    """Even code that escaped from jinja2's sandbox could not read a file."""
    monkeypatch.setenv("HF_TOKEN", "secret")
    with sandbox("fine") as made:
        made.render([HELLO], longest=10)
        assert made._child is not None
        about = f"/proc/{made._child.pid}"
        if not os.path.isdir(about):
            pytest.skip("no /proc here")
        with open(f"{about}/environ") as file:
            assert "HF_TOKEN" not in file.read()
        with open(f"{about}/limits") as file:
            limits = {line[:25].strip(): line[26:46].strip() for line in file}
        assert (limits["Max open files"], limits["Max file size"]) == ("0", "0")


def test_threads_take_turns() -> None:
    with sandbox("{{ n }}") as made:
        answers: list[str] = []
        threads = [
            threading.Thread(target=lambda n=n: answers.extend(made.render([{"n": n}] * 3, longest=10)))
            for n in range(8)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sorted(answers) == sorted(str(n) for n in range(8) for _ in range(3))
