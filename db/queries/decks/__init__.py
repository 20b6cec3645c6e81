"""Prepared prompts and answers, what is dealt from them, and campaigns that judge a fixed list of them."""
