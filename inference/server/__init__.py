"""The OpenAI protocol over HTTP, for any number of models in one process.

protocol  requests as they come over the wire, checked field by field; imports no torch
errors    every refusal in OpenAI's shape
answers   what goes over the wire
app       the routes: /v1/models, /v1/chat/completions, /v1/completions, /health
listener  the port, taken before anything slow is done
run       signals, open streams at the end, exit codes
"""
