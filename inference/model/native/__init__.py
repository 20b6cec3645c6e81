"""Single tokens through a packed model in one call of compiled code, where a C compiler is at hand.

    decode.c    the code: one step of single tokens, its threads meeting five times a layer
    library     source -> shared library, once for each machine and version
    decoder     a packed Transformer as the code wants it

It is an option, never a need: without a compiler, or where weights do not lie as the code expects, torch does it all.
"""
