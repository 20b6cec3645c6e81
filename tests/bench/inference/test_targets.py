"""Targets against records that meet them, just meet them, or miss them."""

import pytest

from bench.inference.records import Cell, Record
from bench.inference.targets import TARGETS, Verdict, judge
from tests.bench.inference.sample_records import record

SMALL, LARGE = Cell("15M", "bfloat16", 512, 1), Cell("1.1B", "bfloat16", 512, 1)


def verdict(beginning: str, *records: Record) -> Verdict:
    (found,) = [one for one in judge(records, has_avx512=True) if one.target.name.startswith(beginning)]
    return found


def test_the_worst_cell_decides() -> None:
    good = record(SMALL, ours=[(1.0, 100.0)], transformers=[(1.0, 20.0)])
    bad = record(LARGE, ours=[(1.0, 19.0)], transformers=[(1.0, 10.0)])
    found = verdict("speed-up over transformers, decode of 1 sequence", good, bad)
    assert (found.n_met, found.n_cells, found.is_met) == (1, 2, False)
    assert found.worst == pytest.approx(1.9)
    assert found.where == LARGE
    assert verdict("speed-up over transformers, decode of 1 sequence", good).is_met


def test_the_target_for_llama_cpp_depends_on_the_cell() -> None:
    rates = {"ours": [(1.0, 96.0)], "llama_cpp": [(1.0, 100.0)]}
    assert verdict(
        "speed-up over llama.cpp, decode of 1 sequence", record(Cell("1.1B", "float32", 512, 1), **rates)
    ).is_met
    assert not verdict("speed-up over llama.cpp, decode of 1 sequence", record(LARGE, **rates)).is_met
    eight = {"ours": [(1.0, 115.0)], "llama_cpp": [(1.0, 100.0)]}
    assert verdict(
        "speed-up over llama.cpp, decode of 8 sequences", record(Cell("160M", "float32", 512, 8), **eight)
    ).is_met
    assert not verdict(
        "speed-up over llama.cpp, decode of 8 sequences", record(Cell("1.1B", "float32", 512, 8), **eight)
    ).is_met


def test_the_memory_floor_applies_only_to_the_large_model_in_bfloat16() -> None:
    near = {"ours": [(1.0, 17.5)]}
    assert verdict("share of the memory floor", record(LARGE, **near)).worst == pytest.approx(0.875)
    assert verdict("share of the memory floor", record(SMALL, **near)).n_cells == 0
    assert verdict("share of the memory floor", record(Cell("1.1B", "float32", 512, 1), **near)).n_cells == 0


def test_prefill_is_compared_with_the_faster_peer() -> None:
    one = record(SMALL, ours=[(100.0, 1.0)], transformers=[(90.0, 1.0)], llama_cpp=[(125.0, 1.0)])
    assert verdict("speed-up over the faster peer", one).worst == pytest.approx(0.8)


def test_memory_is_compared_with_transformers() -> None:
    peaks = {"ours": 500, "transformers": 400, "llama.cpp": 100}
    one = record(SMALL, peaks, ours=[(1.0, 1.0)], transformers=[(1.0, 1.0)], llama_cpp=[(1.0, 1.0)])
    assert verdict("peak memory", one).worst == pytest.approx(0.8)
    assert not verdict("peak memory", one).is_met


def test_an_unmeasured_target_is_not_met() -> None:
    for found in judge([], has_avx512=True):
        assert (found.is_met, found.worst, found.n_cells) == (False, None, 0)
    assert len(judge([], has_avx512=True)) == len(TARGETS)
    only_peers = record(SMALL, transformers=[(1.0, 1.0)], llama_cpp=[(1.0, 1.0)])
    assert all(found.n_cells == 0 for found in judge([only_peers], has_avx512=True))


def test_the_targets_without_avx512_are_the_same_for_every_size() -> None:
    rates = {"ours": [(1.0, 96.0)], "llama_cpp": [(1.0, 100.0)]}
    for size, dtype in (("1.1B", "float32"), ("15M", "bfloat16")):
        verdicts = judge([record(Cell(size, dtype, 512, 1), **rates)], has_avx512=False)
        (found,) = [one for one in verdicts if one.target.name == "speed-up over llama.cpp, decode of 1 sequence"]
        assert not found.is_met
        assert not [one for one in verdicts if "memory floor" in one.target.name]


def test_int8_has_no_targets() -> None:
    slow = record(Cell("15M", "int8", 512, 1), ours=[(1.0, 1.0)], llama_cpp=[(9.0, 9.0)])
    assert all(found.n_cells == 0 for found in judge([slow], has_avx512=False))


def test_our_bfloat16_is_compared_with_our_float32_and_not_as_a_peer() -> None:
    one = record(SMALL, **{"ours": [(90.0, 50.0)], "ours float32": [(100.0, 40.0)], "llama_cpp": [(45.0, 1.0)]})
    assert verdict("speed-up of our bfloat16 over our float32, prefill", one).worst == pytest.approx(0.9)
    assert verdict("speed-up of our bfloat16 over our float32, decode", one).worst == pytest.approx(1.25)
    assert verdict("speed-up over the faster peer", one).worst == pytest.approx(2.0)
