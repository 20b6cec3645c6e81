"""Linear algebra on one thread, so that ratings have the same bits however many threads a machine gives.

Beyond some 120 models the libraries under numpy and scipy share a factorization out among threads, and its last digits
depend on how many there are. On one thread nothing of ours is slower: the matrices are small, and the bootstrap, which
takes the time, multiplies none.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from threading import Lock

from threadpoolctl import ThreadpoolController

_LOCK = Lock()  # the number of threads belongs to the process: two that change it in turns would restore a wrong one


@contextmanager
def one_thread() -> Iterator[None]:
    """Within, numpy's and scipy's linear algebra run on one thread, in the whole process; others wait to enter."""
    with _LOCK, _libraries().limit(limits=1, user_api="blas"):
        yield


@cache
def _libraries() -> ThreadpoolController:
    return ThreadpoolController()
