"""The commands of `python -m elo`, a file each: `add_to(commands)` adds its parser, `run(arguments)` does the work.

    recompute  a board from a database or from votes files
    check      is a database sound, and the live online Elo what its votes give?
    quality    how far the votes can be trusted
    compare    what moved between two boards
    plan       what to play next
    simulate   votes from known ratings

    plan_text, quality_text  what `plan` and `quality` print
    shared                   what several commands need

They parse no command line and read no environment: `elo.__main__` does. Those that read a database import it when they
run, so that votes files are rated without SQLAlchemy.
"""
