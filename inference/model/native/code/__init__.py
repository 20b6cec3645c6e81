"""The C code: one shared library, compiled from every .c file here in one call.

numbers.h            vectors as wide as the registers, conversions, the exponential function
tiles.h              rows times outputs of a block of weights, with sums in registers
model.h              the structs of a model and a step, mirrored in decoder.py
products.h           matrix products of a step of single tokens
attention.h          attention of single tokens
decode.c             a step of single tokens through the whole model
chunk_attention.c    attention of a longer chunk, for torch's operators
threads.h            a team of threads: a barrier, and units of work to share
rows.h               matrix products of many rows
prompt_attention.h   attention of a longer chunk
prefill.c            a step of longer chunks through the whole model
"""
