"""What an owner can find out about one endpoint: one question, with all that was sent and received.

masking      keys and passwords made unreadable
transcript   the requests and responses of one question, as they were sent
trying       one question to an endpoint
causes       what an error means for the owner, by key
checking     `arena check`: whether a model answers, and which settings it needs
"""
