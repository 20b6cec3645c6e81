"""The commands of `python -m inference`. Each module has `add(commands)`, which adds its parser and its `run`.

options  arguments that several commands share
serve    answer OpenAI-compatible requests over HTTP
talk     complete and chat: use one model in the terminal
score    print the log-probabilities of token ids
convert  original weights or an adapter -> safetensors
bench    how fast a model runs on this machine

They check arguments, folders and the port before they import torch, so a mistake is reported at once.
"""
