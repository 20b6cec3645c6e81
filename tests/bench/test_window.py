"""The rolling buffer's saving, for a short text."""

import json
from pathlib import Path

import pytest

from bench import window
from bench.models.random_weights import CONFIGS
from bench.window import main, slots
from inference.model.config import ModelConfig


def test_a_window_of_4096_needs_an_eighth_at_32768_tokens() -> None:
    assert all(slot.full_bytes == 8 * slot.window_bytes for slot in slots())
    of = {slot.size: slot for slot in slots()}
    assert of["7B"].window_bytes == 512 * 2**20  # 128 KiB per token


def test_the_command_reads_a_text_with_and_without_a_window(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(CONFIGS, "15M", ModelConfig(32, 2, 8, 64, 4, 2, 1e-5, 600))
    monkeypatch.setattr(window, "WINDOW", 16)
    assert main(["--tokens", "600", "--output", str(tmp_path / "window.json")]) == 0
    assert "| none |" in capsys.readouterr().out
    windowed, full = json.loads((tmp_path / "window.json").read_text())["readings"]
    per_token = 2 * 2 * 2 * 8 * 4  # layers, k and v, key heads, head_dim, bytes
    assert windowed["cache_bytes"] == 16 * per_token
    assert full["cache_bytes"] == 632 * per_token
