"""The commands of `python -m inference`, a file each; each has `add(commands)`, which adds its parser and its `run`.

options  arguments that several commands share, and what they mean
serve    answer OpenAI-compatible requests over HTTP
talk     complete and chat: use one model at the terminal
score    log-probabilities of token ids
convert  original weights or an adapter -> safetensors
bench    how fast a model answers on this machine

They check arguments, folders and the port before they import torch, so that a mistake is reported at once.
"""
