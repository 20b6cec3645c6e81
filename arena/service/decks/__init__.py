"""Fill decks with answers, and keep those that are open to everybody ready.

answering  one model's answer to one prompt, and why it cannot be used
filling    what is missing in a deck, and the run that asks for it
serving    the models of a run: all at once, or one after the other
opening    which decks are live, and the deck that comes with the arena
"""
