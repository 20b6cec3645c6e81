"""The description of a machine."""

from pathlib import Path

from bench.machine import MemoryReader, this_machine


def test_processor_and_instruction_sets_are_read_from_cpuinfo(tmp_path: Path) -> None:
    (tmp_path / "cpuinfo").write_text("model name\t: Intel(R) Xeon(R) 8480 @ 2.0GHz\nflags\t\t: fpu avx2 amx_bf16\n\n")
    machine = this_machine(["numpy", "no-such-package"], tmp_path / "cpuinfo")
    assert machine.processor == "Intel(R) Xeon(R) 8480"
    assert machine.isa == ("avx2", "amx_bf16")
    assert machine.slug == f"intel-xeon-8480-{machine.n_cores}-cores"
    assert machine.versions["no-such-package"] is None
    capped = this_machine([], tmp_path / "cpuinfo", cap="avx2")
    assert (capped.isa, capped.slug) == (("avx2",), f"{machine.slug}-avx2")
    assert machine.versions["numpy"]


def test_without_cpuinfo_the_processor_is_the_architecture(tmp_path: Path) -> None:
    machine = this_machine([], tmp_path / "none")
    assert machine.processor
    assert machine.isa == ()


def test_memory_is_read_at_a_plausible_rate() -> None:
    assert 1e8 < MemoryReader().bytes_per_s(1) < 1e13
