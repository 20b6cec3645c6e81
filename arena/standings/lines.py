"""The lines of a board, one for each model, in the order and for the search of a view (pure)."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from arena.one_line import folded
from arena.standings.board import Board
from arena.standings.cards import ModelCard
from arena.standings.view import COLUMNS, SCORE, View
from db.queries import Score
from elo.board.leaderboard import BoardRow


@dataclass(frozen=True, slots=True)
class Line:
    """One rated model. `average_win_rate` is the mean of its win rates against each model that it met; `online` is its
    online Elo, None where the board is of some votes only."""

    row: BoardRow
    card: ModelCard
    average_win_rate: float | None
    online: float | None
    scores: Mapping[str, Score] = field(default_factory=dict)
    """Of other sources, by task."""

    def value(self, column: str) -> float | str | None:
        """Return what a column is sorted by; None: not known."""
        row, card = self.row, self.card
        match column:
            case "rank":
                return row.rank
            case "model":
                return row.model.casefold()
            case "rating":
                return row.rating
            case "interval":
                return None if row.low is None or row.high is None else row.high - row.low
            case "online":
                return self.online
            case "votes":
                return row.battles
            case "win_rate":
                return self.average_win_rate
            case "organisation":
                return card.organisation and card.organisation.casefold()
            case "licence":
                return card.licence and card.licence.casefold()
            case "size":
                return card.parameters
            case "price":
                return card.price_in if card.price_out is None else card.price_out
            case "speed":
                return card.tokens_per_s
            case _:
                score = self.scores.get(column.removeprefix(SCORE))
                return None if score is None else score.value

    def to_json(self) -> dict[str, object]:
        """Return what the page shows beside the row of the board."""
        card = self.card
        scores: dict[str, object] = {}
        for task, score in self.scores.items():
            scores[f"{SCORE}{task}"] = score.value
            if score.low is not None and score.high is not None:
                scores |= {f"{SCORE}{task}:low": score.low, f"{SCORE}{task}:high": score.high}
        return {
            "online_elo": self.online,
            "average_win_rate": self.average_win_rate,
            "organisation": card.organisation,
            "licence": card.licence,
            "parameters": card.parameters,
            "price_in": card.price_in,
            "price_out": card.price_out,
            "tokens_per_s": card.tokens_per_s,
            "retired": card.is_retired,
            **scores,
        }


def lines(board: Board, view: View) -> tuple[Line, ...]:
    """Return the rated models that the search finds, in the order of the view; group by group where battles do not
    connect all models. A model whose value is not known comes last."""
    found = [_line(row, board) for row in board.leaderboard.rows if is_found(row.model, board, view)]
    if view.sort:
        column = view.sort
        order = view.order or COLUMNS.get(column, "desc")
        known = [line for line in found if line.value(column) is not None]
        unknown = [line for line in found if line.value(column) is None]
        known.sort(key=lambda line: line.value(column), reverse=order == "desc")  # type: ignore[arg-type, return-value]
        found = known + unknown
    elif view.order == "asc":
        found.reverse()
    return tuple(sorted(found, key=lambda line: line.row.component))


def unrated(board: Board, view: View) -> tuple[str, ...]:
    """Return the models without a vote that the search finds, by name."""
    return tuple(model for model in board.leaderboard.unrated if is_found(model, board, view))


def is_found(model: str, board: Board, view: View) -> bool:
    """Whether each word of the search is in the model's name, licence or organisation."""
    if not view.find:
        return True
    card = board.models.get(model)
    facts = (card.licence, card.organisation) if card else ()
    text = folded(" ".join(filter(None, (model, *facts))))
    return all(word in text for word in folded(view.find).split())


def _line(row: BoardRow, board: Board) -> Line:
    card = board.models.get(row.model) or ModelCard(row.model, None, None, None, None, False)
    scores = {task: by_model[row.model] for task, by_model in board.scores.items() if row.model in by_model}
    return Line(row, card, board.average_win_rates.get(row.model), board.online.get(row.model), scores)
