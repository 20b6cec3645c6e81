"""`convert`: write a checkpoint of any kind as a folder that `serve` reads."""

import argparse
import shutil
import sys
from pathlib import Path

from inference.commands.options import Commands
from inference.folder import locate
from inference.hub import TEXT_FILES
from inference.progress import ProgressBar


def add(commands: Commands) -> None:
    convert = commands.add_parser(
        "convert", help="turn consolidated.NN.pth or Hugging Face's files into safetensors of Mistral's layout"
    )
    convert.add_argument(
        "source",
        metavar="SOURCE",
        help="a folder with consolidated.NN.pth or safetensors, hf:ORG/NAME or demo:NAME",
    )
    convert.add_argument("target", type=Path, metavar="NEW_FOLDER", help="a new or empty folder")
    convert.add_argument(
        "--adapter", type=Path, metavar="DIR", help="merge this LoRA adapter, as PEFT saves it, into the weights"
    )
    convert.set_defaults(run=_run)


def _run(args: argparse.Namespace) -> int:
    source = locate(args.source)
    from inference.model.checkpoint.convert import convert

    convert(source, args.target, adapter=args.adapter, progress=ProgressBar("convert"))
    copied = [name for name in TEXT_FILES if (source / name).is_file()]
    for name in copied:
        shutil.copyfile(source / name, args.target / name)
    print(f"{args.target}: wrote weights and {', '.join(copied) or 'no tokenizer; put one there'}", file=sys.stderr)
    return 0
