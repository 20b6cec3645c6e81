"""How far the votes can be trusted.

assess           exclusions, sides, ties, prompts and voters in one report
ballots          a votes file as ballots, for `assess`
voters           tests for careless voters
exchangeability  agreement of each vote with earlier ones, for those tests
"""
