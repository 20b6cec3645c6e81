import pytest

from db import queries
from db.errors import NoSuchModel
from db.queries import ModelInfo, NewBattle
from db.session import Database


def test_models_are_added_updated_retired_and_come_back(database: Database) -> None:
    ash = ModelInfo("ash", "tree", "Forest", "MIT", 1_000)
    with database.write() as tx:
        queries.upsert_models(tx, [ModelInfo("birch"), ModelInfo("ash")], now=1.0)
        queries.upsert_models(tx, [ash], now=2.0)
        assert queries.retire_models(tx, ["birch", "oak"], now=3.0) == ("birch",)
        assert queries.retire_models(tx, ["birch"], now=4.0) == ()
        assert queries.retire_models(tx, [], now=4.0) == ()
    with database.read() as tx:
        stored = queries.list_models(tx)
    assert [model.info for model in stored] == [ash, ModelInfo("birch")]
    assert [(model.added_at, model.retired_at) for model in stored] == [(1.0, None), (1.0, 3.0)]
    with database.write() as tx:
        queries.upsert_models(tx, [ModelInfo("birch")], now=5.0)
        assert [model.retired_at for model in queries.list_models(tx)] == [None, None]


def test_a_model_that_the_owner_retired_stays_retired_until_it_is_brought_back(database: Database) -> None:
    def retired() -> list[tuple[float | None, float | None, bool]]:
        (model,) = queries.list_models(tx)
        return [(model.retired_at, model.owner_retired_at, model.is_retired)]

    with database.write() as tx:
        queries.upsert_models(tx, [ModelInfo("ash")], now=1.0)
        queries.retire_by_owner(tx, "ash", 2.0)
        queries.retire_by_owner(tx, "ash", 3.0)
        queries.upsert_models(tx, [ModelInfo("ash")], now=4.0)  # the next start
        assert retired() == [(None, 2.0, True)]
        queries.retire_models(tx, ["ash"], now=5.0)
        queries.bring_back(tx, "ash")
        assert retired() == [(5.0, None, True)]
        queries.upsert_models(tx, [ModelInfo("ash")], now=6.0)
        assert retired() == [(None, None, False)]
        with pytest.raises(NoSuchModel, match="model 'oak'"):
            queries.retire_by_owner(tx, "oak", 1.0)
        with pytest.raises(NoSuchModel, match="model 'oak'"):
            queries.bring_back(tx, "oak")


def test_a_visitor_is_created_once(database: Database) -> None:
    with database.write() as tx:
        assert queries.get_visitor(tx, "ann") is None
        first = queries.get_or_create_visitor(tx, "ann", now=1.0)
        assert queries.get_or_create_visitor(tx, "ann", now=2.0) == first == queries.get_visitor(tx, "ann")
    assert (first.pseudonym, first.created_at, first.banned_at) == ("ann", 1.0, None)


def test_a_model_that_was_never_added_is_an_error_that_names_it(database: Database) -> None:
    with pytest.raises(NoSuchModel, match="model 'oak' is not in the database"), database.write() as tx:
        queries.open_battle(tx, NewBattle("ann", "oak", "ash", None), now=1.0)
