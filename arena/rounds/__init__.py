"""A round, from the draw of its models to the last character shown.

    matchmaking  the draw of two models
    battle       from the first prompt to votable, voted or void; `watchers` are the pages that follow
    turns        what each side was asked and has answered, the tasks that read it, and the moderator's verdicts
    journal      where a battle is stored, and what takes its place
    pacing       how fast answers are shown; `common`: the text that both sides have
    views        what pages may know
    quick_rounds rounds on prepared prompts: the deal, the end of a round, its podium
    review_queue campaigns: the order and the sides of each voter, and how far voters agree

Whether a vote counts is for `arena.rules`, and the database for `arena.service`, which passes a `Journal` in.
"""
