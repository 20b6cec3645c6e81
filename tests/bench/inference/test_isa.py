"""Caps of the instruction set."""

from pathlib import Path

import pytest

from bench.inference.isa import check, environment


def test_a_cap_is_for_every_engine(tmp_path: Path) -> None:
    (tmp_path / "llama_cpp").mkdir()
    for engine in ("ours", "ours float32", "transformers", "llama.cpp"):
        found = environment("avx2", engine, {"HOME": "/home/me", "PYTHONPATH": "/elsewhere"}, tmp_path)
        assert found["HOME"] == "/home/me"
        assert (found["ATEN_CPU_CAPABILITY"], found["ONEDNN_MAX_CPU_ISA"]) == ("avx2", "AVX2")
        assert found["PYTHONPATH"] == (f"{tmp_path}:/elsewhere" if engine == "llama.cpp" else "/elsewhere")
        assert ("GOMP_SPINCOUNT" in found) == engine.startswith("ours")
    assert environment("avx2", "llama.cpp", {}, tmp_path)["PYTHONPATH"] == str(tmp_path)


def test_without_a_cap_nothing_is_set() -> None:
    assert environment("native", "llama.cpp", {"HOME": "/home/me"}) == {"HOME": "/home/me"}


def test_a_missing_build_of_llama_cpp_is_an_error_that_names_the_command(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"no llama.cpp without AVX-512 in .*make bench-inference ARGS='--isa"):
        environment("avx2", "llama.cpp", {}, tmp_path)


@pytest.mark.parametrize("reported", ["torch AVX512", "SSE3 AVX2 AVX512 AVX512_VNNI", "torch AVX2, -march=native"])
def test_an_engine_that_is_not_capped_is_refused(reported: str) -> None:
    check("native", "ours", reported)
    with pytest.raises(RuntimeError, match=f"ours reports more than AVX2, which was the cap: {reported}"):
        check("avx2", "ours", reported)
