"""The model's tests again, as on a processor without AVX-512.

There oneDNN does not pack bfloat16, and has other layouts, and the C code is compiled for AVX2. Settings are read when
torch and the library are loaded, so they need a separate process.
"""

import os
import subprocess
import sys
from pathlib import Path

_SETTINGS = {"ATEN_CPU_CAPABILITY": "avx2", "ONEDNN_MAX_CPU_ISA": "AVX2", "OMP_NUM_THREADS": "2"}
_FILES = ("operators", "test_block_step.py", "test_serving.py", "test_transformer.py", "native")


def test_the_models_tests_pass_without_avx512() -> None:
    here = Path(__file__).parent
    run = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", *(str(here / file) for file in _FILES)],
        env=os.environ | _SETTINGS,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert run.returncode == 0, run.stdout[-4000:]
