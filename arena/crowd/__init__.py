"""A simulated crowd: voters that hold battles through the pages of a running arena, as browsers do.

    questions   questions of the demo models with answers that can be checked
    voters      whom a voter votes for: the knowing, the careless, those who always vote left
    pages       what a browser sends, over HTTP
    visits      battles of many voters at once
    report      did the board find the order of accuracy?

It proves the whole way from a prompt to the leaderboard. It imports nothing of the arena.
"""
