"""Campaigns as their owner sees them: which pairs everybody judges, and what came of it.

choosing   the prompts and pairs of a new campaign; pure
reporting  progress, agreement between voters, and the board of a campaign
"""
