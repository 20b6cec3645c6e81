"""The arithmetic of a layer: attention, rotary positions, matrix products, 8-bit weights.

attention  sliding-window grouped-query attention: one form for many queries, one for a single query
rope       rotary positions, interleaved pairs
linear     matrix products with weights of the checkpoint, laid out for the processor
int8       the same in eight bits
"""
