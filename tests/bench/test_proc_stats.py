"""Figures of this process, against what it allocates and computes."""

import os

from bench.proc_stats import cpu_s, peak_bytes, reset_peak, resident_bytes

MIB = 2**20


def test_the_peak_contains_memory_that_is_freed_and_can_be_reset() -> None:
    reset_peak()
    before = resident_bytes()
    block = bytearray(os.urandom(64 * MIB))
    assert resident_bytes(os.getpid()) > before + 32 * MIB
    del block
    assert peak_bytes() > before + 32 * MIB
    reset_peak()
    assert peak_bytes() < before + 32 * MIB


def test_processor_time_grows_with_work() -> None:
    before = cpu_s(os.getpid())
    while cpu_s(os.getpid()) < before + 0.05:
        sum(range(100_000))
