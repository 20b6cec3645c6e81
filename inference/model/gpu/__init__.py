"""Decoding on a GPU, with CUDA graphs and flash attention.

cards            which device computes, and which dtypes suit it
single_tokens    a step of single tokens whose shapes are fixed
graphs           the same, recorded once and replayed
slot_queries     one query for each of many slots, in one call
flash_attention  torch's flash kernel, tried before it is used
plain_attention  attention of a prompt's chunk without flash attention
"""
