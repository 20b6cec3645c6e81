"""A round, from the draw of its models to the last character shown.

    matchmaking  the draw of two models
    battle       from the first prompt to votable, voted or void; `writers` read the models' streams, `watchers` are
                 the pages that follow
    attempt      one side's answer to one turn; `turn`: both sides of a turn; `attempts`: those of a whole battle
    screening    the moderator's verdicts on the answers of a turn
    pacing       how fast answers are shown; `common`: the text that both sides have
    views        what pages may know
    quick_rounds rounds on prepared prompts: the deal, the end of a round, its podium
    review_queue campaigns: the order and the sides of each voter, and how far voters agree

Whether a vote counts is for `arena.rules`, and the database for `arena.service`, which passes a `Journal` in.
"""
