"""The models that can play, and how the arena reaches them.

    roster         the models of the settings file
    events         what a round sends to a model and receives, and the tree of errors
    endpoint       one model: its addresses, and the tries of a call
    lessons        what the answers of each address have taught
    request        what is sent
    dialect/       what a server sends, read
    wire/          the HTTP exchange
    probe          whether a server, or a model, answers
    connect        the endpoints of a roster
    health         which models can be drawn: one `watch` each
    watching/      each model: failures and pauses, success, speed and last error
    native/        the child process that serves the arena's own models

Every model is an OpenAI-compatible endpoint. Nothing here knows of rounds or votes.
"""
