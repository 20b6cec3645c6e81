"""Players: who may play (`roster`), how they are reached (`endpoint`), who can play now (`health`), and the child
process that serves the arena's own models (`native_server`).

Every model is an OpenAI-compatible endpoint. Nothing here knows of rounds or votes.
"""
