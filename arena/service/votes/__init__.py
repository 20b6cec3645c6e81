"""A vote, from being cast to what its voter can do afterwards.

voting      a vote is cast, and withdrawn
feedback    reasons for each side, and a comment
sharing     battles that their visitors share
"""
