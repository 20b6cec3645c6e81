"""Checkpoint to logits: the Mistral architecture in PyTorch, without text, scheduling or HTTP.

    config       what params.json says, validated; imports no torch
    weights      a folder with params.json and consolidated.safetensors <-> a Transformer
    rope         rotary positions, interleaved pairs
    attention    sliding-window grouped-query attention: one form for many queries, one for a single query
    cache        the rolling buffer: constant memory for every slot, however long its text gets
    linear       a matrix product with a weight of the checkpoint
    transformer  the model: `forward_full` for training and as the reference, `step` for serving
    score        log-probabilities of a text through the cache, chunk by chunk

Importing this package imports none of them, so that `config` stays free of torch.
"""
