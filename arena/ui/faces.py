"""The properties of a page's elements at one moment, and what changes from one moment to the next.

A `Face` maps element ids to the properties to set: `{"stop": {"visible": True}}`. `changes` keeps only what differs
from the face before, which is little while tokens stream in. `joined` merges several faces.
"""

from typing import Any

Face = dict[str, dict[str, Any]]


def changes(before: Face, after: Face) -> Face:
    """Return what of `after` differs from `before`, property by property."""
    return {
        element: changed
        for element, properties in after.items()
        if (changed := {key: value for key, value in properties.items() if before.get(element, {}).get(key) != value})
    }


def joined(*faces: Face) -> Face:
    """Return one face that sets everything that `faces` set; the last one wins."""
    whole: Face = {}
    for face in faces:
        for element, properties in face.items():
            whole[element] = {**whole.get(element, {}), **properties}
    return whole
