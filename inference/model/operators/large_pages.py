"""Memory in pages of 2 MB, where Linux has them.

Decoding reads every weight once a step. With pages of 4 KB the processor spends a third of that on looking up where
they are (160M float32, one thread: 15 ms a step, and 10 ms with pages of 2 MB; a virtual machine, Zen 4).
"""

import ctypes
import mmap
import sys
from functools import cache

_COLLAPSE = 25  # MADV_COLLAPSE, Linux 6.1


def use_large_pages(address: int, n_bytes: int) -> None:
    """Ask for large pages for this memory, whether it has been written or not. Nothing happens where there are none."""
    first, end = -(-address // mmap.PAGESIZE) * mmap.PAGESIZE, (address + n_bytes) // mmap.PAGESIZE * mmap.PAGESIZE
    advise = _madvise()
    if advise is not None and first < end and advise(first, end - first, mmap.MADV_HUGEPAGE) == 0:
        advise(first, end - first, _COLLAPSE)  # pages that were written before; older kernels do it in the background


@cache
def _madvise() -> "ctypes._NamedFuncPointer | None":
    if sys.platform != "linux" or not hasattr(mmap, "MADV_HUGEPAGE"):
        return None
    function = ctypes.CDLL(None).madvise
    function.argtypes, function.restype = (ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int), ctypes.c_int
    return function
