"""The commands of `python -m elo`, a file each: `add_to(commands)` adds its parser, `run(arguments)` does the work.

    recompute  a board from a database or from votes files
    check      is a database sound, and the live online Elo what its votes give?
    quality    how far the votes can be trusted
    compare    what moved between two boards
    plan       what to play next
    simulate   votes from known ratings

    sources         the votes of a database or of files, and which of them
    rating_options  an argument for each field of Settings
    failures        what ends a command: CommandError, UsageError
    output          files that are written whole or not at all
    progress        one line that tells where long work is

They parse no command line and read no environment: `elo.__main__` does. Those that read a database import it when they
run, so that votes files are rated without SQLAlchemy.
"""
