"""What the demo models learn: dialogues with right answers, written from a seed by small grammars.

    grammar    wordings: phrases in frames, and the habits of people who type
    words      words and facts (data)
    skill      Skill, Task, Item, Example; what is held out
    numbers letters lists knowledge talk stories korean    the skills
    dialogue   turns, follow-ups and system prompts put together; the endless stream that training reads

Nothing here knows of tokens or models. No model's name occurs in any line.
"""
