"""Messages to token ids and token ids to text; no torch, no HTTP.

tokenizer                what a tokenizer is, whichever file it comes from; decoding that can be streamed token by token
sentencepiece_tokenizer  tokenizer.model
chat_template            a conversation in the layout that the model was trained on (v1, v2, v3)
stop_strings             end an answer at a string that may be spread over several tokens
"""
