"""Which device computes, and which dtypes suit it.

Cards since Ampere (compute capability 8.0: A100, RTX 30xx, L4, H100) have bfloat16 and can run flash attention. Older
ones (T4, V100, RTX 20xx) compute in float16, which has the same size and a smaller range, with plain attention.
"""

import torch

from inference.model.config import CheckpointError

_AMPERE = (8, 0)


def choose_device(name: str | None) -> torch.device:
    """Return the device "cpu", "cuda" or "cuda:N"; None: the first GPU where there is one, else the CPU.

    Raises ValueError for a GPU that this build of torch or this machine does not have.
    """
    if name is None:
        return torch.device("cuda", 0) if torch.cuda.is_available() else torch.device("cpu")
    device = torch.device(name)
    if device.type == "cpu":
        return device
    if not torch.backends.cuda.is_built():  # type: ignore[no-untyped-call]
        raise ValueError(
            f"--device {name}: torch {torch.__version__} is built without CUDA; install a build with CUDA "
            "(PyTorch's installation page has its index), or use --device cpu"
        )
    if not torch.cuda.is_available():
        raise ValueError(
            f"--device {name}: torch {torch.__version__} found no GPU; check the driver with nvidia-smi, or use "
            "--device cpu"
        )
    # Before this, torch counts cards; a process may use fewer where they are divided (MIG).
    torch.cuda.init()  # type: ignore[no-untyped-call]
    index, n_found = device.index or 0, torch.cuda.device_count()
    if index >= n_found:
        last = f" to cuda:{n_found - 1}" if n_found > 1 else ""
        raise ValueError(f"--device {name}: torch found {n_found} GPU{'s'[: n_found > 1]}; cuda:0{last} was expected")
    return torch.device("cuda", index)


def make_current(device: torch.device) -> None:
    """Make a GPU the current one of this thread; do nothing for a CPU.

    Products of float16 then add their parts in float32, too: torch would let cuBLAS add them in float16, where sums of
    more than 65,504 are infinite.
    """
    if device.type == "cuda":
        torch.cuda.set_device(device)
        torch.backends.cuda.matmul.allow_fp16_reduced_precision_reduction = False


def has_bfloat16(device: torch.device | str) -> bool:
    """Whether a GPU computes bfloat16 itself; only then flash attention may run."""
    return torch.version.hip is not None or torch.cuda.get_device_capability(device) >= _AMPERE


def sixteen_bits(device: torch.device | str) -> torch.dtype:
    """Return the dtype of 16 bits that suits a GPU."""
    return torch.bfloat16 if has_bfloat16(device) else torch.float16


def check_dtype(dtype: torch.dtype | None, device: torch.device) -> None:
    """Raise CheckpointError for float16 on a CPU, and for int8 on a GPU."""
    if dtype is torch.float16 and device.type == "cpu":
        raise CheckpointError(
            "float16 is for GPUs without bfloat16, and this model runs on the CPU; omit --dtype, or choose bfloat16 or "
            "float32"
        )
    if dtype is torch.int8 and device.type != "cpu":
        raise CheckpointError(
            f"int8 is for CPUs, and this model runs on {device}, where int8 weights would be widened at every step, "
            "which is slower than 16 bits; omit --dtype, or use --device cpu"
        )
