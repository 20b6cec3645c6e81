"""The cases of shared/cases/votes that test more than reading: a chain, clusters of prompts, and fans of one model."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from elo.__main__ import main

CASES = Path(__file__).resolve().parents[3].parent / "shared" / "cases" / "votes"
pytestmark = pytest.mark.skipif(not CASES.exists(), reason="the shared cases are not here")


@pytest.mark.parametrize("prior", ["1e-4", "0.001"])
def test_a_chain_has_a_board_at_every_prior_above_0(tmp_path: Path, prior: str) -> None:
    out = tmp_path / "board.json"
    assert main(["recompute", "--votes", str(CASES / "chain.csv"), "--prior", prior, "--json", str(out)]) == 0
    rows = json.loads(out.read_text())["models"]
    assert [row["model"] for row in rows] == [f"m{number:02d}" for number in range(15)]
    assert all(row["low"] < row["rating"] < row["high"] for row in rows)


def test_a_chain_without_a_prior_names_the_models(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["recompute", "--votes", str(CASES / "chain.csv"), "--prior", "0"]) == 1
    error = capsys.readouterr().err
    assert "m00" in error
    assert "Traceback" not in error


def test_intervals_by_prompt_are_wider(tmp_path: Path) -> None:
    widths = {}
    for cluster in ("none", "prompt"):
        out = tmp_path / f"{cluster}.json"
        options = ["--cluster", cluster, "--json", str(out)]
        assert main(["recompute", "--votes", str(CASES / "prompts.csv"), *options]) == 0
        widths[cluster] = [row["high"] - row["low"] for row in json.loads(out.read_text())["models"]]
    assert min(widths["prompt"]) > max(widths["none"])


def test_quality_flags_the_fans_and_few_others(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path, out = tmp_path / "fans.csv", tmp_path / "quality.json"
    subprocess.run([sys.executable, str(CASES / "fans.py"), str(path)], check=True)
    assert main(["quality", "--votes", str(path), "--json", str(out)]) == 0
    printed = capsys.readouterr().out
    assert {f"fan{number}" for number in range(5)} <= set(re.findall(r"\bfan\d\b", printed))
    assert len(set(re.findall(r"\bh\d+\b", printed))) <= 0.05 * 150
