"""Decks of prepared prompts: what an owner writes, and what comes with the arena.

    prompt_file  the prompts of an owner's file: text, CSV or JSONL
    shipped      the deck of the demo models, with their answers

A deck itself is in the database (`db.queries.decks`); `arena.service.decks` fills it.
"""
