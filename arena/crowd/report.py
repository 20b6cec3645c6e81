"""Whether the board found the order of accuracy that the crowd saw."""

from itertools import combinations

from arena.crowd.visits import Found


def wrong_pairs(found: Found) -> list[tuple[str, str]]:
    """Return the pairs of models whose rank spans do not overlap although the higher one was right less often."""
    rows = [row for row in found.board["models"] if found.answers[row["model"]]]
    return [
        (higher["model"], lower["model"])
        for higher, lower in combinations(sorted(rows, key=lambda row: int(row["rank"])), 2)
        if higher["rank_worst"] < lower["rank"] and found.accuracy(higher["model"]) < found.accuracy(lower["model"])
    ]


def report(found: Found) -> str:
    """Return the lines to print."""
    verdicts = ", ".join(f"{n:,} {verdict}" for verdict, n in found.verdicts.most_common() if verdict)
    lines = [f"votes: {verdicts}", "", f"{'ranks':>7}  {'rating':>6}  {'right':>6}  {'answers':>7}  model"]
    for row in found.board["models"]:
        if not found.answers[row["model"]]:
            continue
        span = f"{row['rank']}" if row["rank"] == row["rank_worst"] else f"{row['rank']}-{row['rank_worst']}"
        right, n = found.accuracy(row["model"]), found.answers[row["model"]]
        lines.append(f"{span:>7}  {row['rating']:>6.0f}  {right:>6.1%}  {n:>7,}  {row['model']}")
    for refusal, n in found.refusals.most_common(5):
        lines.append(f"{n:,} times: {refusal}")
    wrong = wrong_pairs(found)
    lines.append("")
    lines += [f"wrong order: {higher} stands above {lower}, which was right more often" for higher, lower in wrong]
    if not wrong:
        lines.append("Wherever two rank spans do not overlap, the board has the order of accuracy.")
    return "\n".join(lines)
