"""What a round is: who meets whom (`matchmaking`), a battle's life (`battle`), one side's answer to one turn
(`attempt`), the pace at which it is shown (`pacing`), and what a page may know of it (`views`).

Nothing here decides whether a vote counts (`arena.rules`), writes SQL (`arena.service` does, through `Journal`), or
knows a page.
"""
