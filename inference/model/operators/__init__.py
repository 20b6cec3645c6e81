"""The arithmetic of a layer: attention, rotary positions, matrix products, 8-bit weights.

attention    sliding-window grouped-query attention: one form for many queries, one for a single query
rope         rotary positions, interleaved pairs
linear       matrix products with weights of the checkpoint, laid out for the processor
blocks       that layout: weights in blocks of 64 outputs, which compiled code reads
int8         the same in eight bits
gate         the gate of the feed-forward network, within the range of float16
large_pages  memory in pages of 2 MB
"""
