"""Tests, in folders that mirror the source.

`arena/rounds/battle.py` has `tests/arena/rounds/test_battle.py`.
"""
