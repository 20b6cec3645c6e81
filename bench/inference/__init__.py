"""This project's inference compared with transformers and llama.cpp."""
