"""What `python -m bench.blind` does: pairs of scripted models are shown by the arena's own code, and classifiers guess
from what a page receives which of the two is the slow one.

sides     scripted models: even, in bursts, with pauses; and the pairs that are tried
page      a battle between two of them on a simulated clock, and every event that its page receives
guess     events to features; logistic regression, a random forest and one plain rule
results   what was guessed, as records and as tables
"""
