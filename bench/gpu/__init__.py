"""What a GPU can be checked for in nine minutes: `make gpu-check PYTHON=python3`.

It installs nothing and needs only Python 3.11, torch, numpy, safetensors and sentencepiece; peers that are not there
are skipped by name. First the model on the GPU is compared with itself on the CPU, then Mistral 7B's shape with random
weights is measured against the GPU's own ceilings, taken in the same run.

ceilings      bytes a second that are copied, operations a second of a matrix product
correctness   logits on the device against float32 on the CPU
serving       decode of one sequence, prompts, many requests at once
window        sliding window against full attention at 16,384 tokens, cache at 32,768
peer          transformers' generate on the same shape
report        verdicts, and what is printed
"""
