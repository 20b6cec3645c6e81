"""The command line: serve models, or use one directly.

    python -m inference serve --model [NAME=]DIR [--model [NAME=]DIR ...] [--max-len NAME=N] --host H --port P
    python -m inference complete --model DIR "Once upon a time"
    python -m inference chat --model demo:wren-sol
    python -m inference score --model DIR --ids-file F
    python -m inference bench --model DIR
    python -m inference convert SOURCE NEW_FOLDER [--adapter DIR]

Each command is a module of `inference.commands`; here they are registered, parsed and run.
"""

import argparse
import logging
import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

from inference import __version__
from inference.commands import bench, convert, score, serve, talk

_LOG_FORMAT = "%(asctime)s %(levelname)s %(name)s: %(message)s"


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; the exit code. Whatever a user, a file or a port can cause is one line on stderr and code 1."""
    args = _parser().parse_args(argv)
    os.environ.setdefault("GOMP_SPINCOUNT", "0")  # before torch: its idle threads would take the processor from others
    logging.basicConfig(level=logging.INFO if args.command == "serve" else logging.WARNING, format=_LOG_FORMAT)
    try:
        code: int = args.run(args)
        sys.stdout.flush()
        return code
    except BrokenPipeError:  # whoever read our output has seen enough, such as head
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # or the interpreter's last flush complains
        return 128 + signal.SIGPIPE
    except (ValueError, OSError) as error:
        print(f"{error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


def _parser() -> argparse.ArgumentParser:
    prog = "arena-infer" if Path(sys.argv[0]).name == "arena-infer" else "python -m inference"
    parser = argparse.ArgumentParser(prog=prog, description="Serve models of the Mistral family, or use one directly.")
    parser.add_argument("--version", action="version", version=f"arena {__version__}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for command in (serve, talk, score, bench, convert):
        command.add(commands)
    return parser


if __name__ == "__main__":
    sys.exit(main())
