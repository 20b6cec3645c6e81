"""Requests through a packed model in compiled code, where a C compiler is at hand.

    decode.c         the code: one step of single tokens, its threads meeting five times a layer; attention of a chunk
    library          the shared library made of it: its name, its places, loaded once it is there
    compiling        source -> library, once for each machine and version, while others serve; __main__ does it
    decoder          a packed Transformer as the code wants it
    chunk_attention  attention of a longer chunk

It is an option, never a need: until the library is there, without a compiler, or where weights do not lie as the code
expects, torch does it all.
"""
