"""Whether the board found the order of accuracy that the crowd saw."""

from itertools import combinations

from arena.crowd.visits import Crowd, Found


def wrong_pairs(found: Found) -> list[tuple[str, str]]:
    """Return the pairs of models whose rank spans do not overlap although the higher one was right less often."""
    rows = [row for row in found.board["models"] if found.answers[row["model"]]]
    return [
        (higher["model"], lower["model"])
        for higher, lower in combinations(sorted(rows, key=lambda row: int(row["rank"])), 2)
        if higher["rank_worst"] < lower["rank"] and found.accuracy(higher["model"]) < found.accuracy(lower["model"])
    ]


def report(crowd: Crowd) -> str:
    """Return the lines to print."""
    of_kind = {"battles": crowd.battles, "quick rounds and campaign": crowd.quick}
    parts = [_part(title, found) for title, found in of_kind.items() if found.verdicts]
    if crowd.n_judged:
        judged = ", ".join(f"{n:,}" for n in sorted(crowd.n_judged))
        parts.append(f"campaign: pairs judged by voter: {judged}")
    if crowd.refusals:
        parts.append("\n".join(f"{n:,} times: {refusal}" for refusal, n in crowd.refusals.most_common(5)))
    return "\n\n".join(parts)


def _part(title: str, found: Found) -> str:
    verdicts = ", ".join(f"{n:,} {verdict}" for verdict, n in found.verdicts.most_common())
    lines = [f"{title}: votes: {verdicts}", f"{'ranks':>7}  {'rating':>6}  {'right':>6}  {'answers':>7}  model"]
    for row in found.board["models"]:
        if not found.answers[row["model"]]:
            continue
        span = f"{row['rank']}" if row["rank"] == row["rank_worst"] else f"{row['rank']}-{row['rank_worst']}"
        right, n = found.accuracy(row["model"]), found.answers[row["model"]]
        lines.append(f"{span:>7}  {row['rating']:>6.0f}  {right:>6.1%}  {n:>7,}  {row['model']}")
    wrong = wrong_pairs(found)
    lines += [f"wrong order: {higher} stands above {lower}, which was right more often" for higher, lower in wrong]
    if not wrong:
        lines.append("Wherever two rank spans do not overlap, the board has the order of accuracy.")
    return "\n".join(lines)
