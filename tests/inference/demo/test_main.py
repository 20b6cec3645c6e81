import json
import shutil
from pathlib import Path

import pytest

import inference.demo.__main__ as program
from inference.folder import open_folder


def test_a_short_run_leaves_a_model_that_can_be_served_and_its_accuracy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PATH", "")  # no compiler
    monkeypatch.setattr(program, "QUESTIONS_PER_SKILL", 2)
    monkeypatch.setattr("inference.demo.evaluate.MAX_ANSWER_TOKENS", 8)
    assert program.main(["--only", "larch-umber", "--tokens", "9216", "--models", str(tmp_path)]) == 0
    folder = open_folder(tmp_path / "larch-umber")
    assert folder.template == "v3"
    assert (tmp_path / "larch-umber" / "consolidated.safetensors").is_file()
    assert list(json.loads((tmp_path / "accuracy.json").read_text(encoding="utf-8"))) == ["Larch Umber"]
    shown = capsys.readouterr().out
    assert "| exact match, % | Larch Umber |" in shown

    weights = tmp_path / "larch-umber" / "consolidated.safetensors"
    before = weights.read_bytes()
    assert program.main(["--only", "larch-umber", "--further", "4608", "--models", str(tmp_path)]) == 0
    assert weights.read_bytes() != before

    shutil.copytree(tmp_path / "larch-umber", tmp_path / "fen-quill")
    capsys.readouterr()
    assert program.main(["--alike", "--models", str(tmp_path)]) == 0
    assert "| Fen Quill and Larch Umber | " in capsys.readouterr().out


def test_a_missing_table_is_refused_with_the_command_that_makes_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert program.main(["--table", "--models", str(tmp_path)]) == 1
    assert "--evaluate" in capsys.readouterr().err
