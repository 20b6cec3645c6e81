"""One writer for each page, or part of a page, that is generated from the code.

    settings         docs/settings.md, from the classes of `arena.settings` and `elo.settings`
    command_line     docs/command-line.md, from the parsers of every command
    api              docs/elo-api.md, from the signatures and docstrings of what `elo` exports
    tree             the tree in docs/architecture.md, from the first sentence of every module

`docs/generate.py` runs them all. Each returns text and writes no file.
"""
