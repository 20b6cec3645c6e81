"""Arguments that several commands share: their types, their help, and what --dtype and --threads ask for."""

import argparse
import sys
from collections.abc import Callable
from typing import Any, TextIO, TypeAlias

from inference.model.config import ModelConfig
from inference.model.native import compiling
from inference.text.chat_template import VERSIONS

Commands: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"  # what add_subparsers() returns

DTYPES = ("float32", "bfloat16", "int8")
DTYPE_HELP = (
    "of the weights (default: float32 under 100M parameters on a CPU, else bfloat16; int8 takes the least memory)"
)
FOLDER_HELP = (
    "a folder with weights and tokenizer in Mistral's or Hugging Face's layout, hf:ORG/NAME from the Hugging Face hub, "
    "or demo:NAME, a model that ships with this package"
)
MAX_LEN_HELP = "tokens of prompt and answer together (default: the checkpoint's max_seq_len)"
MIN_LEN = 2  # tokens: one to begin with, one to answer
_ONE_THREAD_BELOW = 5_000_000  # parameters: of 1M, a token takes 0.08 ms on one thread and 0.06 ms on two


def add_folder(parser: argparse.ArgumentParser) -> None:
    """--model DIR, to be handed to `folder.locate`"""
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
        help="GiB for the caches of all models (default: a quarter of the free memory, or what is left of the GPU)",
    )


def add_computing(parser: argparse.ArgumentParser) -> None:
    """--dtype and --threads, which `prepare_torch` obeys."""
    parser.add_argument("--dtype", choices=DTYPES, help=DTYPE_HELP)
    add_threads(parser)


def add_threads(parser: argparse.ArgumentParser) -> None:
    """--threads N"""
    parser.add_argument(
        "--threads",
        type=whole(1, None),
        metavar="N",
        help="threads of one step (default: one a core, but one for models under 5M parameters)",
    )


def add_template(parser: argparse.ArgumentParser) -> None:
    """--template"""
    parser.add_argument("--template", choices=VERSIONS, help="chat layout (default: as the folder tells)")


def whole(low: int, high: int | None) -> Callable[[str], int]:
    """The type of an argument that is a whole number from `low` to `high`, None for no bound."""

    def parse(text: str) -> int:
        number = int(text)
        if number < low or (high is not None and number > high):
            expected = f"at least {low}" if high is None else f"{low} to {high}"
            raise argparse.ArgumentTypeError(f"{number} is out of range; {expected} was expected")
        return number

    parse.__name__ = "whole number"  # argparse names it where int() fails
    return parse


def above_zero(text: str) -> float:
    """The type of an argument that is a number above 0."""
    number = float(text)
    if not 0 < number < float("inf"):
        raise argparse.ArgumentTypeError(f"{text} is out of range; a number above 0 was expected")
    return number


def prepare_torch(args: argparse.Namespace, config: ModelConfig) -> Any:
    """What `add_computing`'s options ask for, of one model: set torch's threads, and return its dtype or None. Compiles
    decode.c where that was never done here."""
    set_threads(args.threads, config)
    from inference.engine.loading import default_device

    if default_device().type == "cpu":
        compiling.start()
        if compiling.state() == "compiling":
            print("compiling the code that decodes (once) ...", file=sys.stderr)
        compiling.wait()
    return None if args.dtype is None else torch_dtype(args.dtype)


def set_threads(threads: int | None, *configs: ModelConfig) -> None:
    """Import torch and set its threads: as many as are asked for, else as many as are best for these models."""
    import torch

    if threads is not None:
        torch.set_num_threads(threads)
    elif max(config.n_parameters for config in configs) < _ONE_THREAD_BELOW:
        torch.set_num_threads(1)


def torch_dtype(name: str) -> Any:
    """torch's dtype of that name."""
    import torch

    return getattr(torch, name)


def open_stdin() -> TextIO:
    """Standard input; ValueError where the process was started without one."""
    if sys.stdin is None:
        raise ValueError("standard input is closed; an open one was expected")
    return sys.stdin
