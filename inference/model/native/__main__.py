"""Compile the C code ahead of time.

`make run` does it once; where it has not been done, the model server does it.

    python -m inference.model.native [--at-most SECONDS]

Does nothing if the library exists, and prints a remembered failure. The exit code is 0 with the library, 1 without, and
2 if the compiler was stopped; then the model server compiles in the background.
"""

import argparse
import os
import signal
import sys
import threading
from collections.abc import Sequence

from inference.model.native.compiling import CompileError, StoppedError, make_library
from inference.model.native.library import find, find_compiler, library_folders, library_name


def main(argv: Sequence[str] | None = None) -> int:
    args = _parser().parse_args(argv)
    compiler = find_compiler()
    if compiler is None:
        print("no C compiler (cc) found: torch computes, several times slower for small models")
        return 1
    stop = threading.Event()
    if args.stop_with_stdin:
        signal.signal(signal.SIGTERM, lambda _number, _frame: stop.set())
        threading.Thread(target=_stop_at_end_of_stdin, args=(stop,), daemon=True).start()
    elif find(library_name(compiler), library_folders()) is None:
        print("Compiling the C code (once) ...", flush=True)
    if args.at_most is not None:
        timer = threading.Timer(args.at_most, stop.set)
        timer.daemon = True
        timer.start()
    try:
        make_library(compiler, library_folders(), stop=stop)
    except CompileError as error:
        print(error)
        return 1
    except StoppedError:
        print("not compiled yet: the model server compiles it in the background")
        return 2
    except KeyboardInterrupt:
        return 130
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m inference.model.native", description="Compile the C code, once.")
    parser.add_argument("--at-most", type=float, metavar="SECONDS", help="stop the compiler after this time")
    parser.add_argument("--stop-with-stdin", action="store_true", help="stop the compiler when standard input closes")
    return parser


def _stop_at_end_of_stdin(stop: threading.Event) -> None:
    while os.read(0, 4096):
        pass
    stop.set()


if __name__ == "__main__":
    sys.exit(main())
