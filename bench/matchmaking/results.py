"""The results file of the draw's simulations, and its tables."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from bench import result_files
from elo.battles import Floats

_CONDITIONS = {"reach": "every interval within 30 points", "order": "the order of all pairs 50 points apart is certain"}
_WEIGHTS = {"alike": "none", "by draw": '"draw"'}


def summary(values: Floats) -> dict[str, float]:
    """Return the median and the quartiles over arenas."""
    low, middle, high = np.quantile(values, (0.25, 0.5, 0.75)).tolist()
    return {"low": low, "median": middle, "high": high}


def of_mean(values: Floats) -> dict[str, float]:
    """Return the mean and its standard error over arenas."""
    return {"mean": float(values.mean()), "error": float(values.std(ddof=1) / np.sqrt(len(values)))}


def markdown(path: Path) -> str:
    """Return the tables of a results file, below the machine and the versions."""
    content = result_files.read(path)
    return "\n".join(
        [
            result_files.heading_of(content),
            *_of_all(content["place_all"]),
            "",
            *_of_one(content["place_one"]),
            "",
            *_of_fairness(content["fairness"]),
            "",
        ]
    )


def _of_all(found: Mapping[str, Any]) -> list[str]:
    lines = [
        f"| policy ({found['arenas']} arenas) | {' | '.join(_CONDITIONS.values())} |",
        "| --- | ---: | ---: |",
    ]
    for policy, of in found["policies"].items():
        cells = [f"{_votes(of[one])}, {_ratio(of[one])} of uniform" for one in _CONDITIONS]
        lines.append(f"| {policy} | {' | '.join(cells)} |")
    return lines


def _of_one(found: Mapping[str, Any]) -> list[str]:
    lines = [
        f"| policy ({found['arenas']} arenas) | battles of the arena | battles of the new model | its share |",
        "| --- | ---: | ---: | ---: |",
    ]
    for policy, of in found["policies"].items():
        share = 100 * of["share"]["median"]
        lines.append(f"| {policy} | {_votes(of['battles'])} | {_votes(of['own'])} | {share:.0f} % |")
    return lines


def _of_fairness(found: Mapping[str, Any]) -> list[str]:
    lines = [
        f"| policy ({found['arenas']} arenas) | weights | intervals that contain the truth | median width | slope |",
        "| --- | --- | ---: | ---: | ---: |",
    ]
    for policy, by_weight in found["policies"].items():
        for weight, of in by_weight.items():
            covered = f"{100 * of['covered']['mean']:.1f} % ± {100 * of['covered']['error']:.1f}"
            slope = f"{of['slope']['mean']:.3f} ± {of['slope']['error']:.3f}"
            lines.append(f"| {policy} | {_WEIGHTS[weight]} | {covered} | {of['width']['mean']:.0f} | {slope} |")
    return lines


def _votes(of: Mapping[str, float]) -> str:
    return f"{of['median']:,.0f} ({of['low']:,.0f} to {of['high']:,.0f})"


def _ratio(of: Mapping[str, float]) -> str:
    return f"{of['of_uniform']:.2f}"
