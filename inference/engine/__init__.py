"""Requests to tokens over time: continuous batching of one model, and one thread that owns all models.

request    what one request asks for, what became of it, and its state on the way; imports no torch
scheduler  who runs in the next step, and with how many tokens; pure, imports no torch
sampling   logits to the next token of each row
engine     step(): schedule, forward, sample, events; synchronous and deterministic
worker     the one thread that steps all engines; asynchronous streams in front of it
loading    model folders to engines: dtype, number of slots, weights fingerprint
"""
