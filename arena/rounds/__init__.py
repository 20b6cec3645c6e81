"""What a round is: who meets whom (`matchmaking`), a battle's life (`battle`), and the pace at which it is shown
(`pacing`).

Nothing here decides whether a vote counts (`arena.rules`), writes SQL (`arena.service` does, through `Journal`), or
knows a page.
"""
