"""The battles and waiting prompts in memory.

held        first prompts that wait for the models
live        the battles in memory, and how others are read back from the database
"""
