"""Checkpoint to logits: the Mistral architecture in PyTorch, without text, scheduling or HTTP.

    config       what params.json says, validated; imports no torch
    weights      a folder with params.json and consolidated.safetensors <-> a Transformer
    rope         rotary positions, interleaved pairs
    attention    sliding-window grouped-query attention: one form for many queries, one for a single query
    cache        the rolling buffer: constant memory for every slot, however long its text gets
    plan         what one step computes: rows, places in the rings, what each row sees
    linear       matrix products with weights of the checkpoint, laid out for the processor
    int8         the same in eight bits
    block_step   how one block takes in a step, by torch's operators
    native/      single tokens and the attention of chunks in compiled code, where there is a C compiler
    transformer  the model: `forward_full` for training and as the reference, `step` for serving
    score        log-probabilities of a text through the cache, chunk by chunk

Importing this package imports none of them, so that `config` stays free of torch.
"""
