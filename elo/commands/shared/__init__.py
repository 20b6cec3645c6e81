"""What several commands need.

sources         the votes of a database or of files, and which of them
rating_options  an argument for each field of Settings
failures        what ends a command: CommandError, UsageError
output          files that are written whole or not at all
progress        one line that shows where long work is
"""
