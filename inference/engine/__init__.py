"""The engine, which turns requests into tokens by continuous batching.

request     what one request asks for, its events, and its state while it runs; imports no torch
slots       which request has which slot, and the cached conversations of the free slots; imports no torch
scheduler   which requests take part in the next step, and with how many tokens; pure, imports no torch
sampling/   logits -> the next token of each request, and log-probabilities
generation  sampled ids -> text and the end of an answer
engine      step(): schedule, forward, sample, events; synchronous and deterministic
sharing/    how the models of one process share time (turns) and memory (slot quotas)
worker      the one thread that steps all engines
stream      the events of one request, for an asynchronous reader
metrics     what the worker counts
loading     model folders -> engines: dtype, number of slots, weights fingerprint
names       one loaded model under several names
"""
