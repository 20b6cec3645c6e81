"""OpenAI's protocol over HTTP, for any number of models.

app          every route
requests/    bytes -> checked fields -> token ids
lookup       which model a request asks for
completions  a request handed to the worker, and its events as one response or a stream
responses/   the JSON of completions, log-probabilities and errors
metrics      counts and times, in Prometheus' text format
openapi      the server's description of its own addresses
draining     graceful shutdown: refuse new requests, finish open ones
listener     the port, bound before the models load
run          signals, open streams at the end, exit codes
"""
