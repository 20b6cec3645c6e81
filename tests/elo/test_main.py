"""What belongs to no one command: how the command line is parsed and how it ends."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from elo.__main__ import main
from tests.elo import reference

FOOD = reference.DATA / "food.csv"


def test_the_help_names_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    folder = Path(main.__code__.co_filename).parent / "commands"
    commands = {path.stem for path in folder.glob("*.py") if "def add_to(" in path.read_text(encoding="utf-8")}
    with pytest.raises(SystemExit) as exit:
        main(["--help"])
    assert exit.value.code == 0
    told = capsys.readouterr().out
    assert {name for name in commands if re.search(rf"\n    {name}\s", told)} == commands


def test_no_command_and_an_unknown_one_are_refused(capsys: pytest.CaptureFixture[str]) -> None:
    for arguments, message in (([], "the following arguments are required: COMMAND"), (["rerate"], "invalid choice")):
        with pytest.raises(SystemExit) as exit:
            main(arguments)
        assert exit.value.code == 2
        assert message in capsys.readouterr().err


def loaded(*arguments: str) -> set[str]:
    """The packages that the command line loads."""
    code = f"""
import contextlib, io, sys
from elo.__main__ import main
with contextlib.redirect_stdout(io.StringIO()), contextlib.suppress(SystemExit):
    main({list(arguments)!r})
print(*{{name.partition(".")[0] for name in sys.modules}}, "elo.commands.simulate" in sys.modules)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=300, check=True)
    return set(done.stdout.split())


@pytest.mark.parametrize("arguments", [("--help",), ("--version",), ("rerate",), ()])
def test_help_loads_no_numpy(arguments: tuple[str, ...]) -> None:
    """NumPy and SciPy took nine tenths of the start."""
    assert not loaded(*arguments) & {"numpy", "scipy", "tqdm", "threadpoolctl", "True"}


def test_a_small_board_loads_neither_scipy_nor_pyarrow() -> None:
    found = loaded("recompute", "--votes", str(FOOD))
    assert "numpy" in found
    assert not found & {"scipy", "pyarrow", "tqdm", "sqlalchemy", "pandas", "True"}


def test_a_reader_that_has_seen_enough_ends_the_command_quietly() -> None:
    command = f"{sys.executable} -m elo recompute --votes {FOOD} --bootstrap 5 | true"
    done = subprocess.run(["bash", "-o", "pipefail", "-c", command], capture_output=True, timeout=300, check=False)
    assert (done.returncode in (0, 141), done.stderr) == (True, b"")


def test_output_that_cannot_be_written_is_an_error_and_a_closed_one_is_not() -> None:
    command = [sys.executable, "-m", "elo", "recompute", "--votes", str(FOOD), "--bootstrap", "5"]
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, timeout=300, check=False)
    assert done.returncode == 1
    assert done.stderr == b"error: the output cannot be written: No space left on device\n"
    closed = ["bash", "-c", '"$@" >&-', "bash", *command]
    done = subprocess.run(closed, stderr=subprocess.PIPE, timeout=300, check=False)
    assert (done.returncode, done.stderr) == (0, b"")


@pytest.mark.parametrize(("called", "shown"), [("/bin/arena-elo", "arena-elo"), ("elo/__main__.py", "python -m elo")])
def test_the_help_has_the_name_by_which_it_was_called(
    called: str, shown: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", [called])
    with pytest.raises(SystemExit):
        main(["--help"])
    assert capsys.readouterr().out.startswith(f"usage: {shown} ")
