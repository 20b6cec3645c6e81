"""Gaps between tokens: their quantiles, and a scene with a tiny model."""

import asyncio
import json
from pathlib import Path

import pytest
import torch

from bench import gaps
from bench.gaps import Gaps, Outcome, Scene, gaps_between, main, play, quantile, scenes, table
from bench.models.random_weights import CONFIGS
from inference.model.config import ModelConfig
from tests.fakes import write_model_folder


@pytest.mark.parametrize(("share", "value"), [(0.5, 5), (0.95, 10), (0.9, 9), (1.0, 10), (0.0, 1)])
def test_a_quantile_is_the_smallest_value_that_covers_the_share(share: float, value: int) -> None:
    assert quantile(range(1, 11), share) == value


def test_one_gap_is_every_quantile() -> None:
    assert Gaps.of([3.0]) == Gaps(1, 3.0, 3.0, 3.0)
    with pytest.raises(ValueError, match="expected at least one gap, found none"):
        Gaps.of([])


def test_a_gap_counts_when_it_ends() -> None:
    assert gaps_between([0.0, 1.0, 3.0, 6.0, 10.0], 1.0, 6.0) == [2.0, 3.0]


@pytest.mark.parametrize("n_models", [1, 2])
def test_streams_continue_while_a_long_prompt_is_read(tmp_path: Path, n_models: int) -> None:
    write_model_folder(tmp_path / "tiny", max_seq_len=8192)
    reader = "A" if n_models == 1 else "B"
    scene = Scene("two", {"A": 2}, reader, 64)
    paths = dict.fromkeys({"A", reader}, tmp_path / "tiny")
    outcome = asyncio.run(asyncio.wait_for(play(scene, paths, torch.float32, 1000), 60))
    assert outcome.quiet.n >= 2 * 38
    assert outcome.reading.n >= 4  # at least 16 steps; tokens that arrive faster than they are read come together
    assert 0 < outcome.quiet.p50_s <= outcome.quiet.p95_s <= outcome.quiet.max_s
    assert outcome.first_token_s > 0


def test_scenes_have_their_chunk_and_the_last_has_three_models() -> None:
    found = scenes("15M", [64, 256], several=True)
    assert [scene.chunk for scene in found] == [64, 256, 256]
    assert [sum(scene.streams.values()) for scene in found] == [8, 8, 8]
    assert found[-1].reader not in found[-1].streams


def test_a_row_is_in_milliseconds() -> None:
    outcome = Outcome(scenes("15M", [64], several=False)[0], Gaps(9, 0.01, 0.02, 0.03), Gaps(9, 0.1, 0.2, 0.3), 1.234)
    heading, _, row = table([outcome]).splitlines()
    assert row == "| 8 streams, 15M | 64 | 10.0 | 20.0 | 30.0 | 100.0 | 200.0 | 300.0 | 1.23 |"
    assert heading.count("|") == row.count("|")


def test_the_command_writes_what_it_prints(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(CONFIGS, "15M", ModelConfig(32, 2, 8, 64, 4, 2, 1e-5, 600, sliding_window=24))
    monkeypatch.setattr(gaps, "_QUIET", 4)
    options = ["--data", str(tmp_path), "--size", "15M", "--chunks", "64", "--prompt", "300"]
    assert main([*options, "--output", str(tmp_path / "gaps.json")]) == 0
    assert "| 8 streams, 15M | 64 |" in capsys.readouterr().out
    content = json.loads((tmp_path / "gaps.json").read_text())
    assert (content["size"], content["prompt"], len(content["outcomes"])) == ("15M", 300, 1)
