"""Results files: their names, their headings, and writing them."""

from dataclasses import asdict, replace
from pathlib import Path

import pytest

from bench.machine import Machine
from bench.result_files import RESULTS, heading_of, path_for, read, write

MACHINE = Machine("AMD EPYC", 2, 23, ("avx2", "amx_bf16"), "Linux 6", "3.11.7", {"torch": "2.13.0", "jax": None})


def test_a_file_is_named_after_the_machine() -> None:
    assert path_for("gaps", MACHINE) == RESULTS / "gaps-cpu-amd-epyc-2-cores.json"


def test_a_heading_has_the_installed_versions_and_the_date() -> None:
    content = {"machine": asdict(MACHINE), "date": "2026-01-02 03:04"}
    assert heading_of(content) == "AMD EPYC, 2 cores (avx2, amx_bf16); torch 2.13.0; 2026-01-02.\n"
    content["machine"] = asdict(replace(MACHINE, isa=("avx2",), cap="avx2"))
    assert heading_of(content).startswith("AMD EPYC, 2 cores (avx2; every engine capped with --isa avx2); torch")


def test_a_failed_write_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "new" / "results.json"
    write(path, {"a": 1})
    with pytest.raises(TypeError):
        write(path, {"a": object()})
    assert read(path) == {"a": 1}
    assert [entry.name for entry in path.parent.iterdir()] == ["results.json"]
