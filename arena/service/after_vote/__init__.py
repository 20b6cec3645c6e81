"""What a voter can do after the vote, besides withdrawing it.

feedback    reasons for each side, and a comment
sharing     battles that their visitors share
"""
