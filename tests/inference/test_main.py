"""What all commands share: arguments, errors in one line, and modules that they do not import."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from inference.__main__ import main
from tests.fakes import write_model_folder

Capture = pytest.CaptureFixture[str]


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("model")
    write_model_folder(path)
    return path


def test_a_missing_file_or_folder_is_one_line(path: Path, tmp_path: Path, capsys: Capture) -> None:
    for arguments in (
        ["score", "--model", str(path), "--ids-file", str(tmp_path / "none.json")],
        ["score", "--model", str(tmp_path / "none"), "--ids-file", str(path / "params.json")],
        ["complete", "--model", str(tmp_path / "none"), "x"],
        ["serve", "--model", f"a={tmp_path / 'none'}"],
    ):
        assert main(arguments) == 1
        captured = capsys.readouterr()
        assert "none" in captured.err
        assert (captured.out, captured.err.count("\n")) == ("", 1)


@pytest.mark.parametrize(
    ("arguments", "match"),
    [
        ([], "COMMAND"),
        (["serve"], "--model"),
        (["serve", "--model", "x="], "'x=' is not [NAME=]DIR, such as tiny=models/tiny"),
        (["serve", "--model", "=x"], "'=x' is not [NAME=]DIR"),
        (["serve", "--model", "a=b", "--port", "70000"], "70000 is out of range; 0 to 65535 was expected"),
        (["serve", "--model", "a=b", "--port", "http"], "invalid whole number value: 'http'"),
        (["serve", "--model", "a=b", "--cache-gb", "0"], "0 is out of range; a number above 0"),
        (["serve", "--model", "a=b", "--max-len", "a=1"], "1 is out of range; at least 2 was expected"),
        (["serve", "--model", "a=b", "--max-len", "1"], "1 is out of range; at least 2 was expected"),
        (["serve", "--model", "a=b", "--max-len", "=9"], "'=9' is not [NAME=]N, such as 4096 or tiny=512"),
        (["serve", "--model", "a=b", "--max-len", "a=long"], "'a=long' is not [NAME=]N"),
        (["complete", "--model", "a", "--max-len", "a=9"], "invalid whole number value: 'a=9'"),
        (
            ["serve", "--model", "a=b", "--dtype", "float64"],
            "'float64' is not [NAME=]D, with D one of float32, bfloat16, float16, int8",
        ),
        (["chat", "--model", "a", "--device", "gpu"], "'gpu' is not cpu, cuda or cuda:N"),
        (["serve", "--model", "a=b", "--device", "cuda:x"], "'cuda:x' is not cpu, cuda or cuda:N"),
        (["serve", "--model", "a=b", "--device", "cuda:256"], "'cuda:256' is not cpu, cuda or cuda:N"),
        (["serve", "--model", "a=b", "--device", "cuda:01"], "'cuda:01' is not cpu, cuda or cuda:N"),
        (["serve", "--model", "a=b", "--template", "v4"], "'v4' is not [NAME=]V, with V one of v1, v2, v3, v7, "),
        (["score", "--model", "a", "--ids-file", "b", "--chunk-size", "0"], "0 is out of range; at least 1"),
    ],
)
def test_a_wrong_argument_is_named(arguments: list[str], match: str, capsys: Capture) -> None:
    with pytest.raises(SystemExit) as stopped:
        main(arguments)
    assert stopped.value.code == 2
    assert match in capsys.readouterr().err


@pytest.mark.parametrize(
    ("script", "name"), [("/venv/bin/arena-infer", "arena-infer"), ("inference/__main__.py", "python -m inference")]
)
def test_help_names_the_program_as_it_was_called(
    script: str, name: str, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    monkeypatch.setattr(sys, "argv", [script])
    with pytest.raises(SystemExit):
        main(["serve", "--help"])
    assert capsys.readouterr().out.startswith(f"usage: {name} serve ")


def test_help_does_not_import_torch_and_idle_threads_do_not_spin() -> None:
    code = (
        "import sys, os, contextlib, io\n"
        "from inference.__main__ import main\n"
        "with contextlib.suppress(SystemExit), contextlib.redirect_stdout(io.StringIO()): main(['serve', '--help'])\n"
        "main(['serve', '--model', 'a=/nowhere'])\n"
        "print('torch' in sys.modules, os.environ['GOMP_SPINCOUNT'])"
    )
    environment = {name: value for name, value in os.environ.items() if name != "GOMP_SPINCOUNT"}
    run = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env=environment, check=True, timeout=60
    )
    assert run.stdout == "False 0\n"


def test_a_closed_pipe_ends_a_command_quietly(path: Path) -> None:
    """As with `head`: the pipe is closed before the first line."""
    with subprocess.Popen(
        [sys.executable, "-m", "inference", "complete", "--model", str(path), "--max-tokens", "9", "the quick"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        process.stdout.close()
        assert process.stderr is not None
        assert process.stderr.read() == ""
        assert process.wait(60) == 128 + signal.SIGPIPE


@pytest.mark.skipif(torch.cuda.is_available(), reason="a GPU is available")
@pytest.mark.parametrize("command", ["serve", "chat", "complete", "score", "bench"])
def test_a_gpu_that_is_not_there_and_float16_on_a_cpu_are_one_line(
    command: str, path: Path, tmp_path: Path, capsys: Capture, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "ids.json").write_text("[1, 2]")
    more = {"score": ["--ids-file", str(tmp_path / "ids.json")], "complete": ["x"], "serve": ["--port=0"]}
    arguments = [command, "--model", str(path), *more.get(command, [])]
    assert main([*arguments, "--device", "cuda:1"]) == 1
    assert capsys.readouterr().err.startswith("--device cuda:1: torch ")
    assert main([*arguments, "--device", "cpu", "--dtype", "float16"]) == 1
    error = capsys.readouterr().err + caplog.text  # a server logs it
    assert "float16 is for GPUs" in error
    assert "choose bfloat16 or float32" in error
