from typing import Any

from arena.settings import Settings, load
from arena.settings.changes import Change, Changes, changes

FAR = {"name": "far", "base_url": "http://h.example/v1"}
NEAR = {"name": "near", "path": "models/near"}


def read(*models: dict[str, Any], **sections: dict[str, Any]) -> Settings:
    return load({**sections, "models": list(models)}, {})


def between(before: Settings, after: Settings) -> Changes:
    """Compare settings of an arena that started with `before`."""
    return changes(before, after, loaded={one.name: one for one in before.models if one.is_native and one.is_active})


def test_equal_settings_change_nothing() -> None:
    settings = read(FAR, NEAR, battle={"max_tokens": 7})
    assert between(settings, read(FAR, NEAR, battle={"max_tokens": 7})) == Changes(settings, (), (), frozenset())


def test_battle_and_limits_change_at_once_and_other_sections_after_a_restart() -> None:
    before = read(FAR, web={"port": 1})
    found = between(
        before,
        read(
            FAR,
            battle={"max_tokens": 7},
            matchmaking={"policy": "adaptive", "control_share": 0.05},
            limits={"votes_per_hour": 9},
            web={"port": 2},
            arena={"database": "postgresql://ann:secret@h/arena"},
            elo={"k": 16.0},
            inference={"threads": 3},
        ),
    )
    assert found.at_once == (
        Change("[battle] max_tokens", "1024", "7"),
        Change("[matchmaking] policy", "uniform", "adaptive"),
        Change("[matchmaking] control_share", "0.0", "0.05"),
        Change("[limits] votes_per_hour", "60", "9"),
    )
    assert found.after_restart == (
        Change("[arena] database", "", "postgresql://•••@h/arena"),
        Change("[web] port", "1", "2"),
        Change("[elo] k", "32.0", "16.0"),
        Change("[inference] threads", "", "3"),
    )
    assert (found.settings.battle.max_tokens, found.settings.limits.votes_per_hour) == (7, 9)
    assert found.settings.matchmaking.policy == "adaptive"
    assert (found.settings.web, found.settings.arena, found.settings.elo) == (before.web, before.arena, before.elo)
    assert not found.reconnected


def test_models_with_an_address_join_leave_and_move_at_once() -> None:
    moved = {**FAR, "base_url": "http://ann:secret@other.example/v1", "weight": 2.0}
    found = between(read(FAR, {**FAR, "name": "gone"}), read(moved, {**FAR, "name": "new"}))
    assert found.at_once == (
        Change("[[models]] 'far' base_url", "http://h.example/v1", "http://•••@other.example/v1"),
        Change("[[models]] 'far' weight", "1.0", "2.0"),
        Change("[[models]] 'new'", "", "in the file"),
        Change("[[models]] 'gone'", "in the file", ""),
    )
    assert not found.after_restart
    assert found.reconnected == {"far", "new"}
    assert [one.name for one in found.settings.models] == ["far", "new"]


def test_what_a_server_is_not_asked_for_needs_no_new_endpoint() -> None:
    found = between(read(FAR), read({**FAR, "weight": 2.0, "licence": "MIT", "first_token_timeout_s": 5.0}))
    assert len(found.at_once) == 3
    assert not found.reconnected


def test_values_that_may_be_keys_are_not_shown() -> None:
    before = read({**FAR, "headers": {"api-key": "sk-old", "x-title": "Arena"}})
    after = read({**FAR, "headers": {"api-key": "sk-new"}, "query": {"key": "sk-q"}, "extra_body": {"key": "sk-b"}})
    found = between(before, after)
    assert found.at_once == (
        Change("[[models]] 'far' headers api-key", "•••", "•••"),
        Change("[[models]] 'far' headers x-title", "•••", ""),
        Change("[[models]] 'far' query key", "", "•••"),
        Change("[[models]] 'far' extra_body key", "", "•••"),
    )


def test_a_model_with_a_path_needs_a_restart_to_join_or_to_move() -> None:
    found = between(read(FAR, NEAR), read(FAR, {**NEAR, "path": "hf:org/name", "weight": 2.0}, {**NEAR, "name": "x"}))
    assert found.at_once == (Change("[[models]] 'near' weight", "1.0", "2.0"),)
    assert found.after_restart == (
        Change("[[models]] 'near' path", "models/near", "hf:org/name"),
        Change("[[models]] 'x'", "", "in the file"),
    )
    assert [(one.name, str(one.path), one.weight) for one in found.settings.models if one.is_native] == [
        ("near", "models/near", 2.0)
    ]
    assert not found.reconnected


def test_a_loaded_model_that_left_the_file_or_was_retired_comes_back_without_a_restart() -> None:
    start = read(FAR, NEAR)
    loaded = {"near": start.models[1]}
    for without in (read(FAR), read(FAR, {**NEAR, "active": False})):
        left = changes(start, without, loaded=loaded)
        assert len(left.at_once) == 1
        back = changes(left.settings, start, loaded=loaded)
        assert not back.after_restart
        assert back.reconnected == {"near"}
        assert back.settings == start


def test_a_model_may_move_from_the_model_server_to_an_address_but_not_back() -> None:
    near = {"name": "far", "path": "models/near"}
    assert between(read(near), read(FAR)).reconnected == {"far"}
    back = between(read(FAR), read(near))
    assert (back.settings.models, back.reconnected) == (read(FAR).models, frozenset())
    assert back.after_restart
