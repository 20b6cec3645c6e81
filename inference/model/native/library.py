"""Find and load the code as a shared library.

The name has a digest of sources, flags, compiler and processor, so each version and machine has its own file, beside
Python's compiled files. Nothing here compiles (`compiling` does) or takes time.

The code is compiled for the processor of this machine, or for any processor with AVX2 where ATEN_CPU_CAPABILITY=avx2
is set, the variable with which torch too computes as on such a processor.
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
"""The decode backend of a request: this library, torch's operators, or on a GPU CUDA graphs of them."""

CODE = Path(__file__).with_name("code")
FLAGS = (
    *("-O3", "-fopenmp", "-shared", "-fPIC", "-fno-strict-aliasing"),
    # sums may be vectorized, and products added with one rounding; infinities and NaN keep their meaning
    *("-ffp-contract=fast", "-fassociative-math", "-fno-signed-zeros", "-fno-trapping-math", "-fno-math-errno"),
)

_loaded: ctypes.CDLL | None = None
_has_looked = False


def library() -> ctypes.CDLL | None:
    """Return the library, or None while there is none. `compiling.start` makes one."""
    return _loaded if _has_looked else load()


def load() -> ctypes.CDLL | None:
    """Look for the library again, and load it if it exists."""
    global _loaded, _has_looked
    if _loaded is None and (compiler := find_compiler()) is not None:
        path = find(library_name(compiler), library_folders())
        try:
            _loaded = None if path is None else ctypes.CDLL(str(path))
        except OSError as error:
            logger.warning("the compiled library cannot be loaded; torch computes, which is slower: %s", error)
    _has_looked = True
    return _loaded


def find_compiler() -> str | None:
    return shutil.which("cc")


def find(name: str, where: tuple[Path, ...]) -> Path | None:
    """Return the file of this name in the first folder that has it."""
    return next((place / name for place in where if (place / name).is_file()), None)


def sources() -> list[Path]:
    """Return the files to compile, together in one call."""
    return sorted(CODE.glob("*.c"))


def flags() -> tuple[str, ...]:
    """Return the compiler's flags, with those for the processor."""
    is_capped = os.environ.get("ATEN_CPU_CAPABILITY") == "avx2" and platform.machine() in ("x86_64", "AMD64")
    return (*FLAGS, *(("-march=x86-64-v3", "-mtune=native") if is_capped else ("-march=native",)))


def library_name(compiler: str) -> str:
    """Return the name of the library that this compiler makes on this machine."""
    digest = hashlib.sha256(repr((flags(), _identity(compiler), _processor())).encode())
    for path in sorted([*sources(), *CODE.glob("*.h")]):
        digest.update(path.read_bytes())
    return f"decode-{digest.hexdigest()[:16]}.so"


def library_folders() -> tuple[Path, ...]:
    """Return the folders that may have the library: beside Python's compiled files, else the user's cache."""
    beside = Path(importlib.util.cache_from_source(__file__)).parent
    try:
        return beside, Path.home() / ".cache" / "arena"
    except RuntimeError:  # a user without a home, in a container
        return (beside,)


def _identity(compiler: str) -> tuple[str, int, int]:
    """Return what differs for another or a newer compiler."""
    about = os.stat(compiler)  # follows links, such as cc -> gcc-12
    return compiler, about.st_size, about.st_mtime_ns


@cache
def _processor() -> str:
    """Return what -march=native depends on."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor()
    return next((line for line in lines if line.startswith(("flags", "Features"))), platform.processor())
