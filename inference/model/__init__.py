"""The Mistral architecture in PyTorch, from a checkpoint to logits.

There is no text, scheduling or HTTP here.

    config       the shape of a model, validated; imports no torch
    transformer  the architecture, trainable: `forward_full`, and `served` to make a ServedModel
    serving      ServedModel: the same weights laid out for steps, with the rolling buffer
    packed       the weights of a ServedModel
    cache        the rolling buffer: constant memory for every slot, however long its text gets
    places       where a key is stored in the buffer, and which keys a query sees
    plan         the layout of one step
    block_step   one block of a step, with torch's operators
    score        log-probabilities of a text, through the cache, chunk by chunk
    checkpoint/  model folders on disk: their files, configurations, tensor names, loading and converting
    operators/   the arithmetic of a layer: attention, rotary positions, matrix products, 8-bit weights
    native/      single tokens and longer chunks in compiled C, where there is a C compiler
    gpu/         single tokens by CUDA graphs, and flash attention

Importing this package imports none of them, so `config` stays free of torch.
"""
