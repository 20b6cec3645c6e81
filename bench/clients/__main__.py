"""Run the checks of real clients against a real model server, and print and store what passed.

    make clients                                all of them
    make clients ARGS="--only openai_sdk,llm_command"

No client reaches another machine; if one tries to, its last check fails. With --record, what the clients sent is
written too, for the test that replays tests/data/client_requests.json.
"""

import argparse
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path

from bench import result_files
from bench.arguments import some
from bench.clients import outcomes, sent
from bench.clients.known import CLIENTS
from bench.clients.recording import Recorder
from bench.clients.serving import LOG, run, serving
from bench.machine import now


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.clients", description="Check real clients against a server.")
    modules = tuple(client.module for client in CLIENTS)
    parser.add_argument(
        "--only", type=some(*modules), default=modules, metavar="CLIENT,...", help=f"some of {', '.join(modules)}"
    )
    parser.add_argument(
        "--output", type=Path, metavar="FILE", help="default: bench/results/clients.json, or none with --only"
    )
    parser.add_argument("--record", type=Path, metavar="FILE", help="also write what the clients sent to FILE")
    args = parser.parse_args(argv)
    chosen = [client for client in CLIENTS if client.module in args.only]
    if missing := sorted({client.environment for client in chosen if not client.python.exists()}):
        parser.error(f"there is no {' and no '.join(missing)}; `make clients` makes them")
    found: list[outcomes.Outcome] = []
    with tempfile.TemporaryDirectory() as folder, serving(Path(folder)) as server, Recorder(server.url) as recorder:
        for client in chosen:
            recorder.client = client.name
            found.append(run(client, replace(server, url=recorder.url), Path(folder) / "home"))
            print(outcomes.lines(found[-1]), flush=True)
            if "Traceback" in (log := (Path(folder) / LOG).read_text(encoding="utf-8")):
                print(f"The server's log has a traceback:\n{log}", file=sys.stderr)
                return 1
    print(outcomes.table(found))
    output = args.output or (outcomes.RESULTS if len(chosen) == len(CLIENTS) else None)
    if output is not None:
        result_files.write(output, {"date": now(), "clients": [asdict(outcome) for outcome in found]})
    if args.record is not None:
        sent.write(args.record, recorder.asked, {outcome.client: outcome.version for outcome in found})
    return 1 if any(outcome.failed for outcome in found) else 0


if __name__ == "__main__":
    sys.exit(main())
