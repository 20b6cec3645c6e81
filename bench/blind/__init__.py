"""Whether timing reveals the slower of two anonymous models.

`python -m bench.blind` shows pairs of scripted models through the arena's own code. Classifiers then guess, from what a
page receives, which of the two is slower.
"""
