"""Tests; their folders mirror the source: `arena/rounds/battle.py` has `tests/arena/rounds/test_battle.py`."""
