from pathlib import Path

import pytest
import torch

from inference.__main__ import main
from inference.folder import open_folder
from inference.model.checkpoint import weights
from tests.fakes import write_model_folder


def test_a_release_becomes_a_folder_that_can_be_served(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    release, new = tmp_path / "release", tmp_path / "new"
    write_model_folder(release)
    model = weights.load(release)
    (release / "consolidated.safetensors").unlink()
    torch.save(dict(model.state_dict()), release / "consolidated.00.pth")
    assert main(["complete", "--model", str(release), "the"]) == 1
    told = capsys.readouterr().err
    assert "found consolidated.00.pth; turn them into safetensors: python -m inference convert FOLDER" in told
    assert main(["convert", str(release), str(new)]) == 0
    assert capsys.readouterr().err == f"{new}: wrote weights and tokenizer.model\n"
    assert open_folder(new).config == model.config
    assert main(["convert", str(release), str(new)]) == 1
    assert capsys.readouterr().err == f"{new} already exists; a new or empty folder was expected\n"
