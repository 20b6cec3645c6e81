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
    """Run one command and return the exit code: 1, after one line on stderr, for errors of a user, file or port."""
    args = _parser().parse_args(argv)
    os.environ.setdefault("GOMP_SPINCOUNT", "0")  # before torch, whose idle threads would spin
    logging.basicConfig(level=logging.INFO if args.command == "serve" else logging.WARNING, format=_LOG_FORMAT)
    try:
        code: int = args.run(args)
        sys.stdout.flush()
        return code
    except BrokenPipeError:  # the reader of our output, such as head, has closed it
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # or the interpreter's last flush fails
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
