"""Cap the instruction set of every engine, so that a processor with AVX-512 measures as one with AVX2.

A cap consists of variables in the environment of an engine's process, because libraries read them when they are
loaded. For llama.cpp it is a second build, because llama.cpp selects instructions when it is compiled. After loading,
each engine reports what its libraries use, and `check` refuses one that is not capped.
"""

import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Literal

Isa = Literal["native", "avx2"]
ISAS: tuple[Isa, ...] = ("native", "avx2")

LLAMA_AVX2 = Path(sys.prefix) / "llama-avx2"
"""The folder of a llama.cpp without AVX-512, which the Makefile builds."""
_AVX2 = {
    "ATEN_CPU_CAPABILITY": "avx2",  # torch's own kernels, and our compiled code
    "ONEDNN_MAX_CPU_ISA": "AVX2",
    "MKL_ENABLE_INSTRUCTIONS": "AVX2",
}


def environment(isa: Isa, engine: str, inherited: Mapping[str, str], llama_avx2: Path = LLAMA_AVX2) -> dict[str, str]:
    """Return the environment of an engine's process.

    Raise FileNotFoundError if the llama.cpp that the cap needs is not built.
    """
    own = dict(inherited)
    if engine.startswith("ours"):
        own["GOMP_SPINCOUNT"] = "0"  # as in the server, idle threads do not spin
    if isa == "avx2":
        own |= _AVX2
        if engine == "llama.cpp":
            if not (llama_avx2 / "llama_cpp").is_dir():
                raise FileNotFoundError(
                    f"no llama.cpp without AVX-512 in {llama_avx2}; build it with "
                    f"`make bench-inference ARGS='--isa avx2'`, or leave it out with --engines"
                )
            own["PYTHONPATH"] = os.pathsep.join(filter(None, [str(llama_avx2), inherited.get("PYTHONPATH", "")]))
    return own


def check(isa: Isa, engine: str, reported: str) -> None:
    """Raise RuntimeError if an engine reports AVX-512 under a cap.

    >>> check("avx2", "ours", "torch AVX2, -march=x86-64-v3")
    """
    if isa == "avx2" and ("AVX512" in reported.upper() or "march=native" in reported):
        raise RuntimeError(f"{engine} reports more than AVX2, which was the cap: {reported}")
