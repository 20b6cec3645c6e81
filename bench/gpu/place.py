"""The measured device, and the size of the measured model.

The model has Mistral 7B's shape on a GPU, or is a tiny one that tests the check itself.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass

import torch

from bench.models.random_weights import CONFIGS
from inference.model.config import ModelConfig


@dataclass(frozen=True, slots=True)
class Scale:
    """The sizes of all measurements.

    `streams` answers run when a prompt arrives. `concurrent` are numbers of concurrent requests, with prompts of
    `request_prompt` and answers of `answer` tokens.
    `long` is the text length for window and full attention. `copied` is the bytes and `matrix` the rows of the
    ceilings.
    """

    config: ModelConfig
    dtype: torch.dtype
    prompt: int
    answer: int
    streams: int
    concurrent: tuple[int, ...]
    request_prompt: int
    chunks: tuple[int, ...]
    long: int
    copied: int
    matrix: int


FULL = Scale(
    CONFIGS["7B"],
    torch.bfloat16,
    prompt=512,
    answer=128,
    streams=8,
    concurrent=(1, 8, 32, 128),
    request_prompt=1000,
    chunks=(256, 512, 1024, 2048),
    long=16384,
    copied=4 * 2**30,
    matrix=8192,
)
TINY = Scale(
    ModelConfig(32, 2, 8, 64, 4, 2, 1e-5, 600, sliding_window=24, max_seq_len=2048),
    torch.float32,
    prompt=40,
    answer=6,
    streams=2,
    concurrent=(1, 3),
    request_prompt=50,
    chunks=(16, 32),
    long=96,
    copied=2**20,
    matrix=64,
)


@dataclass(frozen=True, slots=True)
class Place:
    """A device, and timing that waits for it."""

    device: torch.device
    scale: Scale

    @property
    def name(self) -> str:
        """The name of the GPU, or "cpu"."""
        return torch.cuda.get_device_name(self.device) if self.device.type == "cuda" else "cpu"

    def wait(self) -> None:
        """Wait until the device has finished its work."""
        if self.device.type == "cuda":
            torch.cuda.synchronize(self.device)

    def fastest_s(self, work: Callable[[], object], repeats: int = 5) -> float:
        """Return the seconds that `work` takes, the fastest of `repeats` after a warm-up."""
        work()
        best = float("inf")
        for _ in range(repeats):
            self.wait()
            begun = time.perf_counter()
            work()
            self.wait()
            best = min(best, time.perf_counter() - begun)
        return best

    def free_bytes(self) -> int:
        """Return the free memory of the device, after torch has released its unused blocks."""
        if self.device.type != "cuda":
            return 2**30
        torch.cuda.empty_cache()
        free: int = torch.cuda.mem_get_info(self.device)[0]
        return free
