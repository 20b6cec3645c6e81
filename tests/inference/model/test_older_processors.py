"""The tests that depend on the instruction set again, as on a processor without AVX-512.

There our code is compiled for AVX2, torch selects other kernels, and oneDNN other layouts. They read the settings when
they are loaded, so they need a separate process. On a processor without AVX-512 every run is such a run.
"""

import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch

_SETTINGS = {
    "ATEN_CPU_CAPABILITY": "avx2",
    "ONEDNN_MAX_CPU_ISA": "AVX2",
    "MKL_ENABLE_INSTRUCTIONS": "AVX2",
    "OMP_NUM_THREADS": "2",
}
_FILES = (
    *("model/operators", "model/native"),
    *("model/test_block_step.py", "model/test_cache.py", "model/test_serving.py", "model/test_transformer.py"),
    *("engine/test_backends.py", "engine/test_engine.py", "engine/test_invariance.py"),
    *("server/test_completions.py", "demo/test_models.py"),
)


@pytest.mark.skipif(torch.backends.cpu.get_cpu_capability() != "AVX512", reason="all other tests run without AVX-512")
def test_the_tests_of_inference_pass_without_avx512() -> None:
    folder = Path(__file__).parents[1]
    command = [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider"]
    run = subprocess.run(
        [*command, *(str(folder / file) for file in _FILES), f"--ignore={folder / 'model/native/test_compiling.py'}"],
        env=os.environ | _SETTINGS,
        capture_output=True,
        text=True,
        timeout=600,
    )
    assert run.returncode == 0, run.stdout[-4000:] + run.stderr[-1000:]
