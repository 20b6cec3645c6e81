from collections.abc import Mapping, Sequence

import numpy as np
import pytest

from db.outcome import Outcome
from elo.votes.votes_file import BadRowError, Dialect, VotesFileError, votes_of_columns

CHESS: Mapping[str, Sequence[object]] = {
    "white": ["Anna", "Boris", "Carla"],
    "black": ["Boris", "Carla", "Anna"],
    "result": ["1-0", "1/2-1/2", "0-1"],
    "when": [1.0, float("nan"), 3.0],
}
NAMED = {"a": "white", "b": "black", "winner": "result", "time": "when"}
LABELS = {"1-0": Outcome.A, "0-1": Outcome.B, "1/2-1/2": Outcome.TIE}


def test_columns_are_found_by_name_or_named() -> None:
    plain = votes_of_columns({"left": ["x", "y"], "right": np.array(["y", "x"]), "winner": ["left", "tie"]})
    assert list(plain.votes) == [("x", "y", Outcome.A), ("y", "x", Outcome.TIE)]
    chess = votes_of_columns(CHESS, dialect=Dialect(NAMED, LABELS), columns=["time"])
    assert [outcome for *_, outcome in chess.votes] == [Outcome.A, Outcome.TIE, Outcome.B]
    assert chess.votes.time_s is not None
    np.testing.assert_array_equal(chess.votes.time_s, [1.0, np.nan, 3.0])


def test_an_error_names_the_table_the_row_and_the_column() -> None:
    with pytest.raises(BadRowError, match=r"^df, row 1: result is '1-0'; expected one of a, model_a"):
        votes_of_columns(CHESS, dialect=Dialect(NAMED), name="df")
    with pytest.raises(VotesFileError, match=r"^df has no column 'score' for winner; its columns are"):
        votes_of_columns(CHESS, dialect=Dialect({"winner": "score"}), name="df")
    with pytest.raises(VotesFileError, match=r"^df cannot have a column for 'who'; expected one of a, b, winner"):
        votes_of_columns(CHESS, dialect=Dialect({"who": "white"}), name="df")
    with pytest.raises(VotesFileError, match=r"^the table is not a votes file: its columns are 'white'"):
        votes_of_columns(CHESS)
    with pytest.raises(VotesFileError, match=r"^df has columns of different lengths: 'left' 1, 'right' 2; expected"):
        votes_of_columns({"left": ["x"], "right": ["x", "y"]}, name="df")
