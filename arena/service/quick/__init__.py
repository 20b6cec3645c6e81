"""Quick rounds and campaigns: votes on prepared prompts whose answers are stored, so that nobody waits.

rounds       the open decks: a screen, its vote with the names, the round and its end
campaigns    a fixed list that everybody with the link judges, with names only at the end
screens      what both share: a screen is dealt, shown and voted on
decks        the prompts that can be dealt, in memory
views        what the pages may know; pure
"""
