"""Arguments that `serve` refuses before it starts. Tests of the server are in tests/inference/server."""

import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from inference.__main__ import main
from inference.engine.loading import Loaded

Capture = pytest.CaptureFixture[str]


@pytest.mark.parametrize(
    ("given", "match"),
    [
        (["c=9"], "--max-len names c, which is not served; the models are a, b"),
        (["a=9", "a=8"], "--max-len is given twice for a: 9 and 8; one was expected"),
        (["9", "b=7", "9"], "--max-len is given twice for all others: 9 and 9; one was expected"),
    ],
)
def test_a_max_len_of_no_model_or_given_twice_is_refused(
    path: Path, capsys: Capture, given: list[str], match: str
) -> None:
    models = [f"--model={name}={path}" for name in ("a", "b")]
    assert main(["serve", *models, *(f"--max-len={one}" for one in given)]) == 1
    captured = capsys.readouterr()
    assert match in captured.err
    assert (captured.out, captured.err.count("\n")) == ("", 1)


def test_two_models_of_one_name_are_refused(path: Path, capsys: Capture) -> None:
    assert main(["serve", "--model", f"a={path}", "--model", f"a={path}"]) == 1
    assert "two models are named a" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("given", "match"),
    [
        (["c=float32"], "--dtype names c, which is not served; the models are a, b"),
        (["a=float32", "a=bfloat16"], "--dtype is given twice for a: float32 and bfloat16; one was expected"),
    ],
)
def test_a_dtype_of_no_model_or_given_twice_is_refused(
    path: Path, capsys: Capture, given: list[str], match: str
) -> None:
    models = [f"--model={name}={path}" for name in ("a", "b")]
    assert main(["serve", *models, *(f"--dtype={one}" for one in given)]) == 1
    captured = capsys.readouterr()
    assert match in captured.err
    assert (captured.out, captured.err.count("\n")) == ("", 1)


def test_a_template_of_no_model_or_given_twice_is_refused(path: Path, capsys: Capture) -> None:
    for given, match in (
        (["c=v3"], "--template names c, which is not served; the models are a, b"),
        (["v3", "jinja"], "--template is given twice for all others: v3 and jinja; one was expected"),
        (["b=jinja"], "has no chat template; one in tokenizer_config.json, chat_template.jinja or chat_template.json"),
    ):
        models = [f"--model={name}={path}" for name in ("a", "b")]
        status = main(["serve", *models[("jinja" in given[0]) :], *(f"--template={one}" for one in given)])
        assert status == 1
        assert match in capsys.readouterr().err


def test_a_model_without_a_name_is_named_after_its_place(
    path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    names: list[str] = []

    def run(load: Callable[[], Loaded], listener: socket.socket, **_options: Any) -> int:
        listener.close()
        names.extend(load().models)
        return 0

    monkeypatch.setattr("inference.server.run.run", run)
    monkeypatch.chdir(path)
    models = ["--model=demo:larch-umber", "--model=.", f"--model=other={path}"]
    assert main(["serve", *models, "--port=0", "--cache-gb=0.01"]) == 0
    assert names == ["larch-umber", path.name, "other"]


def test_every_option_takes_effect(path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture) -> None:
    given: dict[str, Any] = {}

    def run(load: Callable[[], Loaded], listener: socket.socket, **options: Any) -> int:
        listener.close()
        given.update(loaded=load(), **options)
        return 0

    monkeypatch.setattr("inference.server.run.run", run)
    models = [f"--model={name}={path}" for name in ("a", "b")]
    options = ["--dtype=b=bfloat16", "--dtype=float32", "--max-len=a=90", "--max-waiting=3", "--port=0", "--budget=40"]
    options += ["--device=cpu", "--allow-origin=http://localhost:3000", "--allow-origin=HTTPS://Pages.example:443"]
    assert main(["serve", *models, *options, "--cache-gb=0.01", "--no-prefix-reuse"]) == 0
    loaded = given["loaded"].models
    assert given["max_waiting"] == 3
    assert given["allowed_origins"] == ["http://localhost:3000", "https://pages.example"]
    assert {name: model.dtype for name, model in loaded.items()} == {"a": "float32", "b": "bfloat16"}
    assert {name: model.engine.max_len for name, model in loaded.items()} == {"a": 90, "b": 300}
    assert "listening on http://127.0.0.1:" in capsys.readouterr().out


@pytest.mark.parametrize("given", ["localhost:3000", "http://localhost:3000/", "http://a.example/page", "", "http://"])
def test_what_is_no_origin_is_refused(path: Path, capsys: Capture, given: str) -> None:
    assert main(["serve", f"--model={path}", f"--allow-origin={given}"]) == 1
    captured = capsys.readouterr()
    assert f"{given!r} is not an origin; scheme://host or scheme://host:port was expected" in captured.err
    assert (captured.out, captured.err.count("\n")) == ("", 1)
