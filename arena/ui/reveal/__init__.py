"""What a page shows after the vote. Nothing here is called before the vote is stored.

heads       the names in the heads of the panes, and what is below each answer
card        both models beside each other, and the verdict
numbers     ratings, ranks, sizes and speeds in words
actions     what the visitor can do then: give reasons, share, withdraw
"""

from arena.ui.reveal.actions import HIDDEN, faces
from arena.ui.reveal.heads import head, more

__all__ = ["HIDDEN", "faces", "head", "more"]
