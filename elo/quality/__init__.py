"""How far the votes can be trusted.

examination  everything in one report, `elo.examine`: exclusions, sides, ties, prompts, voters and days
gathering    what the report needs from all votes, also from those that do not count
ballots      a votes file as ballots
shares       shares of votes with their intervals
voters       tests of voters: careless ones, and those for or against one model
surges       votes for and against a model by day, from new and from old voters
bets         how likely votes for one model are by chance
agreement    how far voters agree on the same pairs of answers
leave_out    ratings without one group of votes
tastes       how far honest voters, or days, differ in their liking of models
wording      the report as text
"""
