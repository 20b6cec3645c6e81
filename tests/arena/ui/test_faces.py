from arena.ui.faces import Face, changes, joined


def test_joined_faces_set_what_each_of_them_sets_and_the_last_one_wins() -> None:
    first: Face = {"head-a": {"value": "waiting"}, "stop": {"visible": True}}
    then: Face = {"head-a": {"value": "done"}, "vote-a": {"interactive": True}}
    last: Face = {"stop": {"variant": "primary"}}
    assert joined(first, then, last) == {
        "head-a": {"value": "done"},
        "stop": {"visible": True, "variant": "primary"},
        "vote-a": {"interactive": True},
    }
    assert joined() == {}


def test_changes_are_only_the_properties_that_differ() -> None:
    before: Face = {"head-a": {"value": "waiting"}, "stop": {"visible": True, "value": "Stop"}}
    after: Face = {"head-a": {"value": "waiting"}, "stop": {"visible": False, "value": "Stop"}, "next": {"value": ""}}
    assert changes(before, after) == {"stop": {"visible": False}, "next": {"value": ""}}
    assert changes(after, after) == {}
    assert changes({}, after) == after
