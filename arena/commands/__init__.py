"""The commands of `python -m arena`, one file each: its options, what it prints, and the call of the module that does
the work.

    init_file   init: the settings as a file
    check       check: ask each model once before a start
    moderation_check
                moderation-check: measure a moderator on labelled texts
    fill_deck   fill-deck: ask the models for answers to prepared prompts
    decks       decks: what decks there are; start, stop, remove or save one
    campaign    campaign create, list, close, report: some people judge the same pairs
    simulate_crowd
                simulate-crowd: voters who know the right answers, in a running arena
    verdicts    admin recompute-verdicts: judge every vote again

`quiet` turns off the log.

`add_to` adds a command to the parser; the function that runs it takes the parsed options and the environment, and
returns the exit code.
"""

import argparse
from typing import TypeAlias

Commands: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"
