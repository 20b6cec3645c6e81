"""Decoding on a GPU, with CUDA graphs and flash attention.

single_tokens    a step of single tokens whose shapes are fixed
graphs           the same, recorded once and replayed
flash_attention  torch's flash kernel, tried before it is used
"""
