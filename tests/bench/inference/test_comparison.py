"""The comparison, with scripted engines, and with our own in a process on a tiny model."""

import json
from pathlib import Path

import pytest

from bench.inference import __main__ as command
from bench.inference.__main__ import main
from bench.inference.comparison import check_agreement, fastest, measure
from bench.inference.engines.interface import BestOptions, Job, Options, Timing
from bench.inference.processes import EngineProcess, EngineProcessError
from bench.inference.records import Cell, read
from bench.machine import MemoryReader, this_machine
from bench.models.random_weights import CONFIGS
from inference.model.config import ModelConfig

TINY = ModelConfig(32, 2, 8, 64, 4, 2, 1e-5, 600, sliding_window=24)


class Scripted(EngineProcess):
    """An engine with scripted logits, and with seconds that depend on its threads."""

    isa = "scripted"

    def __init__(self, engine: str, logits: list[float], seconds: dict[int, float] | None = None) -> None:
        self.engine, self.logits, self.seconds = engine, logits, seconds or {}
        self.jobs: list[Job] = []

    def last_logits(self, ids: list[int]) -> list[float]:
        assert len(ids) == 64
        return self.logits

    def run(self, job: Job) -> tuple[Timing, int]:
        self.jobs.append(job)
        seconds = self.seconds[job.setting.threads]
        return Timing(seconds, seconds, job.batch * (job.new - 1)), 100 + len(self.jobs)


class Reader(MemoryReader):
    def __init__(self) -> None:
        """Allocate nothing."""

    def bytes_per_s(self, repeats: int = 3) -> float:
        return 1e9


def test_every_engine_gets_the_same_prompts() -> None:
    job = Job(20, 3, 4, seed=7, setting=Options(1))
    prompts = job.prompts(600)
    assert prompts == Job(20, 3, 9, seed=7, setting=Options(2)).prompts(600)
    assert [len(prompt) for prompt in prompts] == [20, 20, 20]
    assert prompts[0] != prompts[1]
    assert all(259 <= token < 600 for prompt in prompts for token in prompt)


def test_engines_with_different_models_are_not_compared() -> None:
    ours = Scripted("ours", [0.5, 0.1])
    check_agreement([ours, Scripted("transformers", [0.5001, 0.1])], "float32", 600)
    with pytest.raises(RuntimeError, match=r"transformers do not run the same model: .* expected at most 0.01"):
        check_agreement([ours, Scripted("transformers", [0.5, 0.2])], "float32", 600)


def test_the_fastest_options_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.sched_getaffinity", lambda _: {0, 1})
    assert fastest(Scripted("ours", [], {1: 0.1, 2: 0.2}), "15M", 1) == BestOptions(Options(1), Options(1))
    assert fastest(Scripted("transformers", [], {1: 2.0, 2: 0.5}), "15M", 8) == BestOptions(Options(2), Options(2))
    assert fastest(Scripted("transformers", [], {2: 0.5}), "160M", 1) == BestOptions(Options(2), Options(2))
    peer = Scripted("llama.cpp", [], {1: 2.0, 2: 0.5})
    assert fastest(peer, "15M", 1).decode == Options(2)
    assert {job.setting for job in peer.jobs} == {Options(n, flash) for n in (1, 2) for flash in (True, False)}
    assert all(job.batch == 1 for job in peer.jobs)


def test_engines_take_turns() -> None:
    fast, slow = Scripted("ours", [], {1: 0.1}), Scripted("transformers", [], {2: 0.5})
    same = {"ours": BestOptions(Options(1), Options(1)), "transformers": BestOptions(Options(2), Options(2))}
    cell = Cell("15M", "float32", 512, 1)
    record = measure(cell, [fast, slow], same, Reader(), 1e9, "a command")
    assert len(record.read_rates) == len(record.engines["ours"].timings) == 5
    assert [job.seed for job in slow.jobs] == [0, 1, 2, 3, 4]
    assert record.engines["transformers"].peak_bytes == 105
    assert (record.engines["ours"].settings, record.new, record.command) == (same["ours"], 128, "a command")
    assert record.engines["ours"].isa == "scripted"
    again = measure(cell, [fast, slow], same, Reader(), 0.0, "")
    assert len(again.read_rates) == 1  # no time for a second round


def test_prompts_and_decoding_can_have_different_options() -> None:
    peer = Scripted("llama.cpp", [], {1: 0.1, 2: 0.5})
    settings = {"llama.cpp": BestOptions(Options(2), Options(1, has_flash=False))}
    record = measure(Cell("15M", "float32", 512, 4), [peer], settings, Reader(), 0.0, "")
    assert record.engines["llama.cpp"].timings == (Timing(0.5, 0.1, 4 * 127),)
    assert record.engines["llama.cpp"].peak_bytes == 102
    assert [(job.new, job.setting) for job in peer.jobs] == [(128, Options(1, has_flash=False)), (2, Options(2))]


def test_a_run_measures_its_cells_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(CONFIGS, "15M", TINY)
    monkeypatch.setattr(command, "MemoryReader", Reader)
    options = ["--data", str(tmp_path), "--sizes", "15M", "--dtypes", "float32", "--prompts", "30"]
    options += ["--engines", "ours", "--cell-s", "0", "--output", str(tmp_path / "out.json")]
    assert main([*options, "--batch", "1"]) == 0
    printed = capsys.readouterr().out
    assert "15M float32, prompt 30, batch 1, 1 round:" in printed
    (first,) = read(tmp_path / "out.json")
    assert f"ours uses: {first.engines['ours'].isa}\n" in printed
    assert first.engines["ours"].timings[0].n_decoded == 127
    assert first.engines["ours"].peak_bytes > 50 * 2**20
    assert main([*options, "--batch", "1,2", "--resume"]) == 0
    records = read(tmp_path / "out.json")
    assert [record.cell.batch for record in records] == [1, 2]
    assert records[0] == first
    assert records[1].engines["ours"].timings[0].n_decoded == 2 * 127
    assert json.loads((tmp_path / "out.json").read_text())["machine"]["n_cores"] >= 1


def test_capped_results_are_kept_apart(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Our engine really runs under the cap, here in int8; the others cannot, and are not started."""
    monkeypatch.setitem(CONFIGS, "15M", TINY)
    monkeypatch.setattr(command, "MemoryReader", Reader)
    path = tmp_path / "capped.json"
    options = ["--data", str(tmp_path), "--sizes", "15M", "--dtypes", "int8", "--prompts", "30", "--batch", "1"]
    options += ["--engines", "ours,ours float32,transformers", "--cell-s", "0", "--output", str(path)]
    assert main([*options, "--isa", "avx2"]) == 0
    assert "AVX512" not in capsys.readouterr().out.upper()
    (found,) = read(path)
    assert list(found.engines) == ["ours"]
    assert "torch AVX2" in found.engines["ours"].isa
    assert json.loads(path.read_text())["machine"]["isa"] == ["avx2"]
    if this_machine(()).isa != ("avx2",):
        with pytest.raises(ValueError, match=r"has results with avx2, and new ones would be with .*name another file"):
            main(options)


@pytest.mark.parametrize("options", [["--sizes", "2B"], ["--engines", "ours,theirs"], ["--batch", "two"]])
def test_unknown_values_are_refused(options: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(options)
    assert options[0] in capsys.readouterr().err


def test_a_process_that_cannot_load_is_an_error_with_its_code(tmp_path: Path) -> None:
    with pytest.raises(EngineProcessError, match="the process of ours ended with code 1"):
        EngineProcess("ours", tmp_path, "float32", {"PYTHONPATH": ""})
