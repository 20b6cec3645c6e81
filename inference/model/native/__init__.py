"""Decoding in compiled C, where there is a C compiler.

    code/            the C code: one step of single tokens, whose threads meet five times a layer; attention of a chunk
    library          its shared library: name and folders, and loading it once it exists
    compiling        sources -> library, once for each machine and version, while the server runs; __main__ does it
    decoder          packed weights as the code reads them
    chunk_attention  attention of a longer chunk

It is never required: until the library exists, without a compiler, or where weights have another layout than the code
reads, torch computes everything.
"""
