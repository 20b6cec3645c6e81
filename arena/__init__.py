"""The arena: people compare language models blind, and ratings move. The way of a prompt and a vote:

1. `web` gives the visitor a cookie and lets only the pages' own requests through.
2. A page of `ui` calls `service.Arena.send(visitor, battle_id, text)`: the only door to everything below.
3. `rules.limits` may refuse; `players.health` says who can play; `rounds.matchmaking` draws two and their sides.
4. The battle is written to the database, then `rounds.battle` opens two `players.endpoint` streams
   (to `python -m inference serve`, kept alive by `players.native_server`, or to any OpenAI-compatible address).
5. `rounds.pacing` releases both answers at one pace; pages that follow the battle get views without names.
6. `Arena.vote` asks `rules.ledger` for the verdict; vote, verdict and online Elo are one transaction.
7. Only then do the names leave the server, in the reveal.
8. `standings` rates the ledger with `elo`, once for each revision: the leaderboard.
No arrow points back. `settings` is read first and by everybody; `app.py` wires it all.
"""

__version__ = "0.2.0"
