"""Messages to token ids and token ids to text; no torch, no HTTP.

tokenizer                what a tokenizer is, whichever file it comes from; decoding that can be streamed token by token
sentencepiece_tokenizer  tokenizer.model
fast_tokenizer           tokenizer.json, through the tokenizers library (optional)
tekken                   tekken.json, through mistral-common (optional)
published                what the JSON files beside a tokenizer say: BOS and EOS, ends of an answer, the chat template
folder                   which of these a model folder's tokenizer is
chat_template            a conversation in the layout that the model was trained on
stop_strings             end an answer at a string that may be spread over several tokens
"""
