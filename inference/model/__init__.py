"""A checkpoint becomes logits here: the Mistral architecture in PyTorch, without text, scheduling or HTTP.

    config       the shape of a model, validated; imports no torch
    transformer  the architecture: `forward_full` for training and as the reference, `step` for serving
    cache        the rolling buffer: constant memory for every slot, however long its text gets
    plan         what one step computes: rows, places in the rings, what each row sees
    block_step   how one block computes a step with torch's operators
    score        log-probabilities of a text, through the cache, chunk by chunk
    checkpoint/  model folders on disk: their files, configurations, tensor names, loading and converting
    operators/   the arithmetic of a layer: attention, rotary positions, matrix products, 8-bit weights
    native/      single tokens and the attention of chunks in compiled C, where there is a compiler
    gpu/         single tokens by CUDA graphs, and flash attention

Importing this package imports none of them, so that `config` stays free of torch.
"""
