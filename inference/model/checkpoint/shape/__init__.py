"""The shape of a model, as the files beside its weights state it. Imports no torch.

config_json   Hugging Face's layout
params_json   Mistral's layout, which is also Llama 2's
rope_scaling  the scaling of RoPE in both
"""
