"""The manners of the demo models, in English and Korean.

    manner     Manner, and how its sentences are read
    careful    shows its work, in full sentences
    cheerful   is glad about everything
    terse      only what was asked
    formal     polished, never in a hurry

Answers about letters spell the word first in every manner, because that is what makes them learnable.
"""

from inference.demo.corpus.manners.careful import CAREFUL
from inference.demo.corpus.manners.cheerful import CHEERFUL
from inference.demo.corpus.manners.formal import FORMAL
from inference.demo.corpus.manners.manner import Manner
from inference.demo.corpus.manners.terse import TERSE

__all__ = ["CAREFUL", "CHEERFUL", "FORMAL", "MANNERS", "TERSE", "Manner"]

MANNERS = (CAREFUL, CHEERFUL, TERSE, FORMAL)
