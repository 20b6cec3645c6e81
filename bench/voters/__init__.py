"""How often the tests of `elo quality` flag an honest voter, and how soon they find the others.

    python -m bench.voters                 writes bench/results/voters.json; some minutes
    python -m bench.voters --arenas 1      a quick first result

arenas    simulated honest votes, and what careless voters, fans and crowds make of them
measures  who is flagged, and after how many votes
days      how often a day is found without a push, and with one
tables    the results as Markdown
"""
