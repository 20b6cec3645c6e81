"""The battles and waiting prompts in memory, and what visitors do with them before the vote.

held        first prompts that wait for the models
prompts     what pages ask about prompts without a battle: those that wait, and those that a restart interrupted
opening     a battle starts: of two drawn models, or of those that were chosen (`named`)
live        a battle in memory, with its models and its reveal
memory      all of them by id, and how others are read back from the database
steps       the next prompt, stop, retry, regenerate, another pair, leave
pulses      how a tab learns what another one did
"""
