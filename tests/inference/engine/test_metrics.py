import math

from inference.engine.metrics import Histogram, Recorder


def test_counts_add_up_bound_by_bound() -> None:
    recorder = Recorder((0.1, 1.0))
    for value in (0.05, 0.1, 0.5, 3.0):
        recorder.observe(value)
    found = recorder.histogram()
    assert (found.bounds, found.counts) == ((0.1, 1.0), (2, 3, 4))
    assert math.isclose(found.total, 3.65)


def test_nothing_observed_is_a_histogram_of_zeros() -> None:
    assert Recorder((1.0,)).histogram() == Histogram((1.0,), (0, 0), 0.0)
