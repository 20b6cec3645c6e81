import json
from pathlib import Path

import pytest
import torch

from inference.__main__ import main
from inference.model.checkpoint import weights

Capture = pytest.CaptureFixture[str]


@pytest.mark.parametrize("chunk", ["1", "7", "500"])
def test_score_gives_the_log_probabilities_of_the_whole_model(
    path: Path, tmp_path: Path, capsys: Capture, chunk: str
) -> None:
    ids = torch.randint(0, 390, (120,), generator=torch.Generator().manual_seed(3)).tolist()
    (tmp_path / "ids.json").write_text(json.dumps(ids))
    arguments = ["--ids-file", str(tmp_path / "ids.json"), "--chunk-size", chunk, "--dtype", "float32"]
    assert main(["score", "--model", str(path), *arguments]) == 0
    scores = json.loads(capsys.readouterr().out)
    expected = torch.log_softmax(weights.load(path).forward_full(torch.tensor([ids]))[0], -1)
    expected = expected[:-1].gather(1, torch.tensor(ids[1:])[:, None])[:, 0]
    assert list(scores) == ["logprobs"]
    assert torch.allclose(torch.tensor(scores["logprobs"]), expected, atol=1e-5)


@pytest.mark.parametrize(
    ("content", "match"),
    [
        ("[1, 2", "is not JSON"),
        pytest.param("[" * 100_000, "is not JSON", id="too deep"),
        ('{"ids": [1]}', "is not a list of whole numbers"),
        ("[1, true]", "is not a list of whole numbers"),
        ("[1, 2.5]", "is not a list of whole numbers"),
        ("[1]", "at least 2"),
        ("[1, 99999]", "99999"),
    ],
)
def test_score_names_what_is_wrong_with_its_ids(
    path: Path, tmp_path: Path, capsys: Capture, content: str, match: str
) -> None:
    (tmp_path / "ids.json").write_text(content)
    assert main(["score", "--model", str(path), "--ids-file", str(tmp_path / "ids.json")]) == 1
    captured = capsys.readouterr()
    assert match in captured.err
    assert (captured.out, captured.err.count("\n")) == ("", 1)
