"""Checks and measurements of inference on a GPU.

`make gpu-check PYTHON=python3` runs them in nine minutes. It installs nothing and needs only Python 3.11, torch, numpy,
safetensors and sentencepiece; a missing peer is skipped and named. First it compares the model on the GPU with the same
model on the CPU. Then it measures Mistral 7B's shape with random weights, against the GPU's own memory and matrix rates
in the same run.
"""
