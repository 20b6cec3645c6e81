"""How far the votes can be trusted.

assess           what was left out, sides and ties, prompts and voters, in one report
ballots          a votes file as ballots, for `assess`
voters           voters who do not vote on what they read
exchangeability  the statistics of those tests
"""
