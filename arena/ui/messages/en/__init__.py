"""Every sentence that a visitor sees, in English.

`ko` has the same files with the same keys and {numbers}; a test compares them. A message states what happened and what
to do next, in two short sentences. No exclamation marks. Counts from 1,000 on have a comma; ratings never do (1087).
"""
