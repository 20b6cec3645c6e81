"""decode.c as a shared library: what its name depends on, where it is kept, and the library itself once it is there.

The name has a digest of source, flags, compiler and processor, so that another version or machine has its own. It is
kept beside Python's own compiled files. Nothing here compiles (`compiling` does) or takes time.
"""

import ctypes
import hashlib
import importlib.util
import logging
import os
import platform
import shutil
from functools import cache
from pathlib import Path
from typing import Literal

logger = logging.getLogger(__name__)

Backend = Literal["native", "torch", "graphs"]
"""What computes the tokens of a request: this library, torch's operators, or on a GPU CUDA graphs of them."""

SOURCE = Path(__file__).with_name("decode.c")
FLAGS = (
    *("-O3", "-march=native", "-fopenmp", "-shared", "-fPIC", "-fno-strict-aliasing"),
    # sums may be taken in vectors, products added in one rounding; infinities and NaN keep their meaning
    *("-ffp-contract=fast", "-fassociative-math", "-fno-signed-zeros", "-fno-trapping-math", "-fno-math-errno"),
)

_loaded: ctypes.CDLL | None = None
_has_looked = False


def library() -> ctypes.CDLL | None:
    """The library, or None as long as there is none. Who wants one to be made calls `compiling.start`."""
    return _loaded if _has_looked else load()


def load() -> ctypes.CDLL | None:
    """Look for the library and load it, if it was not there before."""
    global _loaded, _has_looked
    if _loaded is None and (compiler := find_compiler()) is not None:
        path = find(library_name(compiler), places())
        try:
            _loaded = None if path is None else ctypes.CDLL(str(path))
        except OSError as error:
            logger.warning("the library made of decode.c cannot be loaded; torch decodes, which is slower: %s", error)
    _has_looked = True
    return _loaded


def find_compiler() -> str | None:
    return shutil.which("cc")


def find(name: str, where: tuple[Path, ...]) -> Path | None:
    """The first of these folders' files of this name."""
    return next((place / name for place in where if (place / name).is_file()), None)


def library_name(compiler: str) -> str:
    """The file name of what this compiler makes of the source on this machine."""
    depends_on = repr((FLAGS, _identity(compiler), _processor()))
    return f"decode-{hashlib.sha256(SOURCE.read_bytes() + depends_on.encode()).hexdigest()[:16]}.so"


def places() -> tuple[Path, ...]:
    """Where the library may lie: beside Python's compiled files, else in the user's cache."""
    beside = Path(importlib.util.cache_from_source(str(SOURCE.with_suffix(".py")))).parent
    return beside, Path.home() / ".cache" / "arena"


def _identity(compiler: str) -> tuple[str, int, int]:
    """Changes where the compiler is another one or a newer one."""
    about = os.stat(compiler)  # follows links, such as cc -> gcc-12
    return compiler, about.st_size, about.st_mtime_ns


@cache
def _processor() -> str:
    """What -march=native depends on."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor()
    return next((line for line in lines if line.startswith(("flags", "Features"))), platform.processor())
