"""Players: who may play (`roster`), how they are reached (`endpoint`), who can play now (`health`), and the child
process that serves the arena's own models (`native_server`).

    events       what a round says to a model and hears from it, and the tree of errors
    endpoint     one model: tries, addresses, and what refusals teach
    exchange     one try: a body sent, an answer read within limits of time; `transport` and `sse` below it
    request      what is sent; `evidence`: what a refusal says about that
    dialect      what a server's JSON means; `thinking`: thoughts split from text
    refusals     error bodies as errors, by their `wordings`
    probe        whether a server, or a model, answers; `condition` counts what `health` must remember

Every model is an OpenAI-compatible endpoint. Nothing here knows of rounds or votes.
"""
