"""What several commands need.

sources         the votes of a database or of files
rating_options  an argument for each field of Settings
facts           what is known of models beside their votes, for figures
failures        the errors that end a command
output          files that are written completely or not at all
progress        a bar, or a line now and then, for long work
"""
