"""Convert messages to token ids, and token ids to text.

There is no torch and no HTTP here.

tokenizer                the interface of every tokenizer, and decoding as a stream
sentencepiece_tokenizer  tokenizer.model
fast_tokenizer           tokenizer.json, through the tokenizers library (optional)
tekken                   tekken.json, through mistral-common (optional)
published                the JSON files beside a tokenizer: BOS and EOS, other ends of an answer, the chat template
folder                   which of these tokenizers a model folder has
chat_template            a conversation in the layout that the model was trained on
chat                     those layouts, and templates that are run
stop_strings             end an answer at a string that may span several tokens
"""
