"""Options that several commands share."""

import argparse
import re
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TextIO, TypeAlias

from inference.model.config import ModelConfig
from inference.model.native import compiling
from inference.text.chat.recognition import CHOICES

Commands: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"  # what add_subparsers() returns

DTYPES = ("float32", "bfloat16", "float16", "int8")
DTYPE_HELP = (
    "dtype of the weights (default: float32 under 100M parameters on a CPU, else bfloat16, or float16 on a GPU without "
    "bfloat16; int8, on a CPU only, needs the least memory)"
)
DEVICE_HELP = "cpu, cuda or cuda:N (default: the first GPU, else the CPU)"
FOLDER_HELP = (
    "a folder with weights and tokenizer in Mistral's or Hugging Face's layout, hf:ORG/NAME from the Hugging Face hub, "
    "or demo:NAME for a demo model"
)
MAX_LEN_HELP = (
    "tokens of prompt and answer together (default: the checkpoint's max_seq_len; a model without a window gets fewer, "
    "at least 2,048, if otherwise 16 conversations do not fit on a GPU, or not even one on a CPU)"
)
TEMPLATE_HELP = (
    "chat layout; jinja is the folder's own template, none serves completions only (default: detected in the folder)"
)
MIN_LEN = 2  # tokens: one of a prompt, one of an answer
_DEVICE = re.compile(r"cpu|cuda(:(0|[1-9][0-9]?))?")  # torch wraps around at 128: cuda:256 would be cuda:0
_ONE_THREAD_BELOW = 5_000_000  # parameters; with 1M, a token takes 0.08 ms on one thread and 0.06 ms on two


def add_folder(parser: argparse.ArgumentParser) -> None:
    """--model DIR, for `folder.locate`"""
    parser.add_argument("--model", required=True, metavar="DIR", help=FOLDER_HELP)


def add_max_len(parser: argparse.ArgumentParser) -> None:
    """--max-len N"""
    parser.add_argument("--max-len", type=whole(MIN_LEN, None), metavar="N", help=MAX_LEN_HELP)


def add_cache_gb(parser: argparse.ArgumentParser) -> None:
    """--cache-gb G"""
    parser.add_argument(
        "--cache-gb",
        type=above_zero,
        metavar="G",
        help="GiB for the caches of all models (default: a quarter of the free memory; on a GPU all but 1 GiB, "
        "or what the widest step needs if that is more)",
    )


def add_computing(parser: argparse.ArgumentParser) -> None:
    """--device, --dtype and --threads, for `prepare_torch`"""
    add_device(parser)
    parser.add_argument("--dtype", choices=DTYPES, help=DTYPE_HELP)
    add_threads(parser)


def add_device(parser: argparse.ArgumentParser) -> None:
    """--device D, for `cards.choose_device`"""
    parser.add_argument("--device", type=_device_name, metavar="D", help=DEVICE_HELP)


def _device_name(text: str) -> str:
    if not _DEVICE.fullmatch(text):
        raise argparse.ArgumentTypeError(f"{text!r} is not cpu, cuda or cuda:N")
    return text


def add_threads(parser: argparse.ArgumentParser) -> None:
    """--threads N"""
    parser.add_argument(
        "--threads",
        type=whole(1, None),
        metavar="N",
        help="threads of one step (default: one for each core, but one for models under 5M parameters)",
    )


def add_template(parser: argparse.ArgumentParser) -> None:
    """--template"""
    parser.add_argument("--template", choices=CHOICES, help=TEMPLATE_HELP)


def whole(low: int, high: int | None) -> Callable[[str], int]:
    """Return the type of an argument that is a whole number from `low` to `high` (None: unbounded)."""

    def parse(text: str) -> int:
        number = int(text)
        if number < low or (high is not None and number > high):
            expected = f"at least {low}" if high is None else f"{low} to {high}"
            raise argparse.ArgumentTypeError(f"{number} is out of range; {expected} was expected")
        return number

    parse.__name__ = "whole number"  # argparse's name for it where int() fails
    return parse


def above_zero(text: str) -> float:
    """Parse an argument that is a number above 0."""
    number = float(text)
    if not 0 < number < float("inf"):
        raise argparse.ArgumentTypeError(f"{text} is out of range; a number above 0 was expected")
    return number


@dataclass(frozen=True, slots=True)
class Computing:
    """torch's device, and its dtype or None."""

    device: Any
    dtype: Any


def prepare_torch(args: argparse.Namespace, config: ModelConfig) -> Computing:
    """Set torch's threads by the options of `add_computing`, and return the device and the dtype. Compile the C code
    first where it is needed and not compiled. Raises ValueError for a device that is not there.
    """
    set_threads(args.threads, config)
    from inference.model.gpu.cards import choose_device

    device = choose_device(args.device)
    if device.type == "cpu":
        compiling.start()
        if compiling.state() == "compiling":
            print("compiling the C code (once) ...", file=sys.stderr)
        compiling.wait()
    return Computing(device, None if args.dtype is None else torch_dtype(args.dtype))


def set_threads(threads: int | None, *configs: ModelConfig) -> None:
    """Import torch and set its number of threads: `threads`, else what is best for these models."""
    import torch

    if threads is not None:
        torch.set_num_threads(threads)
    elif max(config.n_parameters for config in configs) < _ONE_THREAD_BELOW:
        torch.set_num_threads(1)


def torch_dtype(name: str) -> Any:
    """Return torch's dtype of that name."""
    import torch

    return getattr(torch, name)


def open_stdin() -> TextIO:
    """Return standard input. Raises ValueError where the process has none."""
    if sys.stdin is None:
        raise ValueError("standard input is closed; an open one was expected")
    return sys.stdin
