"""Tests of what decides whether a model can play now."""
