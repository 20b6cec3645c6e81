"""A mark for tests that need compiled code."""

import pytest

from inference.model.native.library import library

needs_compiler = pytest.mark.skipif(library() is None, reason="no C compiler here")
