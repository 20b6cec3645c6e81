"""The web app in which people compare language models blind. A prompt and its vote take this way:

1. `web` gives the visitor a cookie and passes only requests that the pages send.
2. A page of `ui` calls `service.Arena.send(visitor, battle_id, text)`. The pages call nothing below the service.
3. `rules.limits` may refuse, `players.health` lists the models that can play, and `rounds.matchmaking` draws two models
   and their sides.
4. The battle is stored in the database. Then `rounds.battle` opens two `players.endpoint` streams: to
   `python -m inference serve`, which `players.native.server` keeps alive, or to any OpenAI-compatible address.
5. `rounds.pacing` releases both answers at one pace; pages that follow the battle get views without names.
6. `Arena.vote` asks `rules.ledger` for the verdict; vote, verdict and online Elo are one transaction.
7. Only then do the names leave the server, in the reveal.
8. `standings` rates the ledger with `elo`, once for each revision: the leaderboard.
No step calls an earlier one. Every module may read `settings`; `app.py` wires everything.
"""

__version__ = "0.2.0"
