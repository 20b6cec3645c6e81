"""Checkpoint to logits: the Mistral architecture in PyTorch, without text, scheduling or HTTP.

    checkpoint   which layout a folder has, and its files; params_json, config_json: the two forms of a shape
    config       the shape of a model, validated; imports no torch, and checkpoint neither
    stored       tensors of safetensors files, strictly checked, under Mistral's names (tensor_names: Hugging Face's)
    weights      a folder of either layout -> a Transformer, and back
    convert      an original release or an adapter (pickled, adapter) -> a folder in Mistral's layout
    rope         rotary positions, interleaved pairs
    attention    sliding-window grouped-query attention: one form for many queries, one for a single query
    cache        the rolling buffer: constant memory for every slot, however long its text gets
    plan         what one step computes: rows, places in the rings, what each row sees
    linear       matrix products with weights of the checkpoint, laid out for the processor
    int8         the same in eight bits
    block_step   how one block takes in a step, by torch's operators
    single_tokens, fused_attention, graphs   decoding on a GPU: fixed shapes, flash attention, CUDA graphs
    native/      single tokens and the attention of chunks in compiled code, where there is a C compiler
    transformer  the model: `forward_full` for training and as the reference, `step` for serving
    score        log-probabilities of a text through the cache, chunk by chunk

Importing this package imports none of them, so that `config` stays free of torch.
"""
