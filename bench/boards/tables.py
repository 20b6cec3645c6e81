"""The results of boards with many votes, as a table."""

from dataclasses import dataclass
from pathlib import Path

from bench import result_files


@dataclass(frozen=True, slots=True)
class Timing:
    """The wall and the processor seconds of something, and how long it may take."""

    what: str
    target_s: float
    wall_s: float
    cpu_s: float


def markdown(path: Path) -> str:
    """Return a heading and the table: what was timed, its target, wall and processor seconds."""
    content = result_files.read(path)
    load = f"load {content['load_before']:g} before; " if "load_before" in content else ""
    lines = [
        f"{content['n_votes']:,} votes, {content['n_models']} models; {load}{result_files.heading_of(content)}",
        "| what | target, s | measured, s | processor, s |",
        "| --- | ---: | ---: | ---: |",
    ]
    for one in content["timings"]:
        mark = "" if one["wall_s"] <= one["target_s"] else " (missed)"
        lines.append(f"| {one['what']} | {one['target_s']:g} | {one['wall_s']:.3f}{mark} | {one['cpu_s']:.3f} |")
    return "\n".join(lines) + "\n"
