"""What the page of a model shows.

record      counts -> shares with intervals, and the tags where a model is strong or weak; pure
history     the boards as of each day, computed once
profiles    everything of one model, read at one moment
"""
