"""What the demo models learn: dialogues with right answers, generated from a seed.

    grammar   wordings: phrases in frames, and the habits of people who type
    words     words and facts (data)
    pieces    words that are a single token (data)
    manners/  the sentences in which each model answers
    skill     Skill, Task, Item, Example, and which of them no model is trained on
    skills/   numbers, letters, lists, knowledge, talk and stories
    korean/   the same in Korean
    dialogue  turns, follow-ups and system prompts, joined into the endless stream that training reads

Nothing here depends on tokens or models. No line contains a model's name.
"""
