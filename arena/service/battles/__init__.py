"""The battles and prompts in memory, from a first prompt that waits to a battle that is forgotten when idle.

held        first prompts that wait for the models
live        the battles in memory, and how others are read back from the database
"""
