"""Write the random models that the benchmarks measure.

python -m bench.models --data DIR 15M 160M 1.1B
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from bench.models.layouts import make, make_gguf
from bench.models.random_weights import CONFIGS


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m bench.models", description="Write models with random weights, unless they exist."
    )
    parser.add_argument("sizes", nargs="+", choices=CONFIGS)
    parser.add_argument("--data", type=Path, required=True, metavar="DIR", help="folder to write them to")
    parser.add_argument(
        "--gguf", nargs="*", default=[], choices=("float32", "bfloat16"), help="also write GGUF files for llama.cpp"
    )
    args = parser.parse_args(argv)
    for size in args.sizes:
        files = make(size, CONFIGS[size], args.data)
        for dtype in args.gguf:
            make_gguf(files, CONFIGS[size], dtype)
        print(f"{size}: {files.folder}, {CONFIGS[size].n_parameters:,} parameters")
    return 0


if __name__ == "__main__":
    sys.exit(main())
