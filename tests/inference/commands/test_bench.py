"""`python -m inference bench`, run in this process on a tiny model."""

import json
from pathlib import Path

import pytest

from inference.__main__ import main
from tests.fakes import write_model_folder

Capture = pytest.CaptureFixture[str]


def test_bench_prints_a_table_and_one_line_of_json(tmp_path: Path, capsys: Capture) -> None:
    write_model_folder(tmp_path / "tiny")
    options = ["--prompt", "20", "--tokens", "4", "--batch", "1,3", "--threads", "1", "--dtype", "float32"]
    assert main(["bench", "--model", str(tmp_path / "tiny"), *options]) == 0
    *lines, last = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == ["sequences", "1", "3"]
    told = json.loads(last)
    assert (told["model"], told["dtype"], told["threads"]) == ("tiny", "float32", 1)
    assert [(row["batch"], row["prompt"], row["tokens"]) for row in told["figures"]] == [(1, 20, 4), (3, 20, 4)]
    assert all(row["decode_tok_s"] > 0 for row in told["figures"])


def test_bench_refuses_a_folder_without_a_model(tmp_path: Path, capsys: Capture) -> None:
    assert main(["bench", "--model", str(tmp_path / "none")]) == 1
    assert "no folder" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("option", "value", "said"),
    [
        ("--batch", "1,x", "invalid list of whole numbers value: '1,x'"),
        ("--batch", "0", "0 is out of range; at least 1"),
        ("--tokens", "1", "1 is out of range; at least 2"),
    ],
)
def test_bench_refuses_numbers_that_cannot_be_measured(
    tmp_path: Path, capsys: Capture, option: str, value: str, said: str
) -> None:
    with pytest.raises(SystemExit):
        main(["bench", "--model", str(tmp_path), option, value])
    assert said in capsys.readouterr().err
