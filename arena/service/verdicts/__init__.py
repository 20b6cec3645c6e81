"""Whether a vote counts, and the notice about it that a page shows before the vote.

facts       a record, or what a page shows -> the facts that the ledger's rules judge; pure
notices     what a page notes about a battle before its vote, by key
recompute   judge every vote again, for the owner
"""
