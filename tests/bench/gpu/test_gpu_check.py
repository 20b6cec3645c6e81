"""The GPU check on the CPU with a tiny model: every section runs, and the report contains the findings."""

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from bench.gpu import correctness, peer
from bench.gpu.__main__ import main, run
from bench.gpu.ceilings import Ceilings
from bench.gpu.correctness import Agreement
from bench.gpu.peer import PeerDecodeRate
from bench.gpu.place import FULL, TINY, Place
from bench.gpu.report import Findings, lines
from bench.gpu.serving import Arrival, ConcurrentRequests, DecodeRate, PrefillRate, Preparation
from bench.gpu.window import Saving, Text
from inference.engine.engine import Engine

ROOT = Path(__file__).resolve().parents[3]
CPU = Place(torch.device("cpu"), TINY)


@pytest.fixture(scope="module")
def findings() -> Findings:
    return run(CPU)


def test_every_section_runs(findings: Findings) -> None:
    assert findings.skipped == {}
    assert findings.is_right
    assert len(findings.agreements) == 18
    assert [one.prompt for one in findings.decode_rates] == [40, 24]
    assert [one.chunk for one in findings.prefill_rates] == [16, 32]
    assert [(one.n, one.max_len) for one in findings.concurrent] == [(1, 56), (3, 56)]
    assert findings.arrival is not None
    assert (findings.arrival.n_streams, findings.arrival.prompt) == (2, 24)
    assert 0 < findings.arrival.gap_p50_ms <= findings.arrival.longest_gap_ms
    assert findings.preparation == Preparation(32, 0, 0, 0, 0, 0.0, 0)  # of a CPU
    assert findings.ceilings is not None
    assert findings.peer is not None
    assert findings.saving is not None
    assert [text.window for text in findings.saving.texts] == [24, None, 1]


def test_logits_on_the_same_device_agree(findings: Findings) -> None:
    packed = findings.agreements[::2]
    assert {one.decode_backend for one in findings.agreements[1::2]} == {"torch"}
    assert all(one.error == 0 for one in packed if one.dtype == "float32")
    assert all(one.error < 1e-5 for one in findings.agreements if one.dtype == "float32")
    of_sixteen_bits = [one for one in findings.agreements if one.dtype != "float32"]
    assert {one.dtype for one in of_sixteen_bits} == {"bfloat16", "float16"}
    assert all(0 < one.error < one.tolerance for one in of_sixteen_bits)


def test_a_wrong_model_is_detected(monkeypatch: pytest.MonkeyPatch) -> None:
    right = correctness._model
    monkeypatch.setattr(
        correctness,
        "_model",
        lambda config, dtype, device: right(
            config if dtype == torch.float32 else replace(config, rope_theta=1e6), dtype, device
        ),
    )
    found = correctness.check(torch.device("cpu"))
    assert not any(one.is_right for one in found if one.dtype == "bfloat16" and one.window != "1")
    assert not Findings(found).is_right


def test_the_command_writes_its_findings(
    findings: Findings, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(correctness, "check", lambda device: findings.agreements)  # the slowest section
    assert main(["--device", "cpu", "--tiny", "--output", str(tmp_path / "gpu.json")]) == 0
    assert "window 64, float32, decoded with torch: right" in capsys.readouterr().out
    content = json.loads((tmp_path / "gpu.json").read_text())
    assert (content["gpu"], content["tiny"], len(content["agreements"])) == ("cpu", True, 18)


@pytest.mark.skipif(torch.cuda.is_available(), reason="a GPU is available")
def test_without_a_gpu_nothing_is_checked(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert main(["--output", str(tmp_path / "gpu.json")]) == 2
    assert "no GPU was available" in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


def test_the_first_gpu_is_checked_and_made_current(monkeypatch: pytest.MonkeyPatch) -> None:
    """torch refuses to make "cuda" the current device: it wants a number."""
    devices = list[torch.device]()

    class Made(Exception):
        pass

    def note(device: torch.device) -> None:
        devices.append(device)
        raise Made

    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "init", lambda: None)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 1)
    monkeypatch.setattr(torch.backends.cuda, "is_built", lambda: True)
    monkeypatch.setattr(torch.cuda, "set_device", note)
    with pytest.raises(Made):
        main([])
    assert devices == [torch.device("cuda", 0)]


def test_a_card_without_bfloat16_is_checked_in_float16(monkeypatch: pytest.MonkeyPatch) -> None:
    gpu = torch.device("cuda", 0)
    dtypes = []
    for capability in ((9, 0), (7, 5)):
        monkeypatch.setattr(torch.cuda, "get_device_capability", lambda device, found=capability: found)
        dtypes.append(correctness._dtypes(gpu, is_first=False))
    assert dtypes == [[torch.float32, torch.bfloat16, torch.float16], [torch.float32, torch.float16]]


def test_a_missing_peer_and_an_error_are_reported_as_skipped(
    findings: Findings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(correctness, "check", lambda device: findings.agreements)

    def none(place: Place) -> PeerDecodeRate:
        raise ModuleNotFoundError("No module named 'transformers'")

    def full(self: Engine, *args: object) -> None:
        raise RuntimeError("CUDA out of memory.\nTried to allocate")

    monkeypatch.setattr(peer, "measure", none)
    monkeypatch.setattr(Engine, "add", full)
    found = run(CPU)
    assert found.skipped["transformers"] == "ModuleNotFoundError: No module named 'transformers'"
    assert found.skipped["decode"] == "RuntimeError: CUDA out of memory."
    assert found.is_right


def test_no_section_starts_after_the_time_limit() -> None:
    found = run(CPU, limit_s=-1.0)
    assert not found.is_right
    assert set(found.skipped) == {"correctness", "ceilings", "serving", "transformers", "window"}


def test_it_needs_only_torch_numpy_safetensors_and_sentencepiece(tmp_path: Path) -> None:
    """It runs with only these and torch's own requirements installed."""
    needed = ["torch", "torchgen", "functorch", "numpy", "numpy.libs", "safetensors", "sentencepiece"]
    of_torch = ["sympy", "mpmath", "networkx", "jinja2", "markupsafe", "filelock", "fsspec", "typing_extensions.py"]
    installed = Path(torch.__file__).parent.parent
    for name in [*needed, *of_torch, *(path.name for path in installed.glob("typing_extensions-*"))]:
        (tmp_path / name).symlink_to(installed / name)
    program = """
import sys
sys.path[:0] = sys.argv[1:]
from bench.gpu.__main__ import run
from bench.gpu.place import TINY, Place
import torch
found = run(Place(torch.device("cpu"), TINY))
assert list(found.skipped) == ["transformers"], found.skipped
assert found.is_right
"""
    command = [sys.executable, "-I", "-S", "-c", program, str(tmp_path), str(ROOT)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr


def test_the_report_compares_figures_with_their_targets() -> None:
    found = Findings(
        [
            Agreement("CUDA graphs", "64", "float32", 3e-5, 1e-4, 72, 72),
            Agreement("torch", "None", "bfloat16", 0.2, 5e-2, 10, 72),
        ],
        Ceilings(3e12, 8e14),
        [DecodeRate("CUDA graphs", 512, 180.0, 15 * 10**9, 0.9), DecodeRate("torch", 4096, 120.0, 15 * 10**9, 0.6)],
        [PrefillRate(4096, 512, 30000.0, 0.55)],
        [ConcurrentRequests(128, 2048, 3000.0, 4.2, 21.0)],
        Arrival(8, 4096, 0.25, 11.0, 60.5),
        Preparation(2048, 800 * 2**20, 28, 0, 64, 2.5, 100 * 2**20),
        PeerDecodeRate("5.23.0", 512, 40.0),
        Saving((Text(4096, 0.5, 9.0), Text(None, 0.8, 10.0)), 1.6, 2.1, 1.1, 2**29, 2**32),
        {"other": "not installed"},
    )
    text = "\n".join(lines(found))
    assert "window 64, float32, decoded with CUDA graphs: right" in text
    assert "window None, bfloat16, decoded with torch: WRONG" in text
    assert "memory copy 3,000 GB/s, matrix product 800 TFLOP/s" in text
    assert "decode with CUDA graphs, 1 sequence after 512 tokens: 180.0 tok/s" in text
    assert "180.0 tok/s; share of the memory floor (15.00 GB per step): target 80%, measured 90% (met)" in text
    assert "after 4,096 tokens: 120.0 tok/s;" in text
    assert "target 80%, measured 60% (MISSED)" in text
    assert "our speed-up: target 3x, measured 4.50x (met)" in text
    assert "128 concurrent requests (slots of 2,048 tokens): 3,000 tok/s" in text
    assert "a prompt of 4,096 tokens beside 8 streams: first token after 0.250 s;" in text
    assert "one every 11.0 ms (median), at most 60.5 ms" in text
    assert "a step of 2,048 tokens takes 800 MiB beside weights and cache; 28 graphs for up to 64 answers" in text
    assert "512 MiB instead of 4,096 MiB, 8.0x less" in text
    assert "skipped: other (not installed)" in text


def test_the_full_scale_is_mistral_7b() -> None:
    assert FULL.config.n_parameters == 7_241_732_096
    assert FULL.concurrent == (1, 8, 32, 128)
