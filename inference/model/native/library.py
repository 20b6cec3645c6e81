"""decode.c as a loaded library: compiled once with the system's C compiler, kept beside Python's own compiled files.

The name holds a digest of source, flags and processor, so that another version or machine compiles anew. It needs
nothing but `cc`; where that is missing or fails, there is no library, and the caller does without.
"""

import ctypes
import hashlib
import logging
import os
import platform
import shutil
import subprocess
import tempfile
from functools import cache
from pathlib import Path

logger = logging.getLogger(__name__)

SOURCE = Path(__file__).with_name("decode.c")
_FLAGS = (
    *("-O3", "-march=native", "-fopenmp", "-shared", "-fPIC", "-fno-strict-aliasing"),
    # sums may be taken in vectors, products added in one rounding; infinities and NaN keep their meaning
    *("-ffp-contract=fast", "-fassociative-math", "-fno-signed-zeros", "-fno-trapping-math", "-fno-math-errno"),
)
_COMPILE_TIMEOUT_S = 60.0


@cache
def library() -> ctypes.CDLL | None:
    """The library, or None where it cannot be made (the log says why)."""
    compiler = shutil.which("cc")
    if compiler is None:
        logger.info("no C compiler (cc): single tokens go through torch's operators, which is slower")
        return None
    try:
        return ctypes.CDLL(str(compiled(compiler, _places())))
    except (OSError, subprocess.SubprocessError) as error:
        detail = getattr(error, "stderr", None) or error
        logger.warning("decode.c could not be compiled; single tokens go through torch's operators: %s", detail)
        return None


def compiled(compiler: str, places: tuple[Path, ...]) -> Path:
    """The library's file in the first of `places` that can be written to, made if it is not there.

    Raises OSError or subprocess.SubprocessError where that fails.
    """
    digest = hashlib.sha256(SOURCE.read_bytes() + repr((_FLAGS, compiler, _processor())).encode()).hexdigest()[:16]
    name = f"decode-{digest}.so"
    for place in places:
        if (place / name).is_file():
            return place / name
    writable = [place for place in places if _is_writable(place)]
    if not writable:
        raise OSError(f"none of {', '.join(map(str, places))} can be written to")
    place = writable[0]
    with tempfile.TemporaryDirectory(dir=place) as folder:
        made = Path(folder, name)
        subprocess.run(
            [compiler, *_FLAGS, "-o", str(made), str(SOURCE), "-lm"],
            check=True,
            capture_output=True,
            text=True,
            timeout=_COMPILE_TIMEOUT_S,
        )
        made.replace(place / name)  # whole or not at all: several processes may do this at once
    return place / name


def _places() -> tuple[Path, ...]:
    return SOURCE.parent / "__pycache__", Path.home() / ".cache" / "arena"


def _is_writable(place: Path) -> bool:
    try:
        place.mkdir(parents=True, exist_ok=True)
    except OSError:
        return False
    return os.access(place, os.W_OK)


def _processor() -> str:
    """What -march=native depends on."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor()
    return next((line for line in lines if line.startswith(("flags", "Features"))), platform.processor())
