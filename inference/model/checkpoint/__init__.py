"""Model folders on disk: reading, writing and conversion.

files         which of the two layouts a folder has, and its weight files; imports no torch
shape/        the shape in the configuration of either layout
tensor_names  Hugging Face's names for the tensors, and its order of the rows of q and k
stored        tensors of safetensors files, strictly checked
pickled       tensors of an original release's .pth files
weights       a folder -> a model, and back
adapter       what a LoRA adapter adds to the weights
convert       any of these -> a folder in Mistral's layout
fingerprints  what identifies the weights: the digest of their files
"""
