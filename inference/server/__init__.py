"""The OpenAI protocol over HTTP, for any number of models in one process.

protocol     requests as they come over the wire, checked field by field; imports no torch
body, parsing, prompts   bytes, up to a size -> a request of the protocol -> token ids
lookup       which model a request asks
completions  requests for answers: handed to the worker, and what comes back
answers, logprobs, replies, errors   what goes over the wire
metrics      what the worker counts, for Prometheus
openapi      the server's own description of its addresses
app, door    the routes; who may still come in when the server is told to stop
listener     the port, taken before anything slow is done
run          signals, open streams at the end, exit codes
"""
