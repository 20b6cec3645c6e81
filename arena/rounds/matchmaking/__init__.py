"""The draw of the models of a battle and their sides, with its probability.

    drawing    candidates and random numbers -> a pair, or one model on both sides
    chances    weights, boosts, families and the policy -> the probability of each pair
    known      counted votes -> what the policies need: votes of each model, and how well each is known

Pure: candidates, settings, votes and random numbers are passed in.
"""

from arena.rounds.matchmaking.chances import MAX_RATIO, OneFamily, can_meet
from arena.rounds.matchmaking.drawing import Pair, TooFewPlayers, draw
from arena.rounds.matchmaking.known import Known, known_from

__all__ = ["MAX_RATIO", "Known", "OneFamily", "Pair", "TooFewPlayers", "can_meet", "draw", "known_from"]
