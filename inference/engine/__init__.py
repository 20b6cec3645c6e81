"""Requests to tokens over time: continuous batching of one model, and one thread that owns all models.

request    what one request asks for, what became of it, and its state on the way; imports no torch
slots      who holds a slot, and what the free ones remember of their last conversation; imports no torch
scheduler  who runs in the next step, and with how many tokens; pure, imports no torch
penalties  logits of tokens that came before, made less likely
sampling   logits to the next token of each row
logprobs   log-probabilities of given tokens and of the likeliest
answer     sampled ids to text and to the end of an answer
engine     step(): schedule, forward, sample, events; synchronous and deterministic
turns      whose turn it is among the engines of one thread; pure
lending    how models share the memory for slots; pure
worker     the one thread that steps all engines; asynchronous streams in front of it
metrics    what is counted meanwhile
loading    model folders to engines: dtype, number of slots, weights fingerprint
memory     how many slots the memory allows
"""
