"""Decoding and prefill in compiled C, where there is a C compiler.

    code/            the C code: a step of single tokens, a step of longer chunks, attention of a chunk
    library          its shared library: name and folders, and loading it once it exists
    compiling        sources -> library, once for each machine and version, while the server runs; __main__ does it
    decoder          packed weights as the code reads them
    prefill          a step of longer chunks, but bfloat16 with AVX512-BF16, where oneDNN is faster
    chunk_attention  attention of a longer chunk between torch's operators

It is never required: until the library exists, without a compiler, or where weights have another layout than the code
reads, torch computes everything.
"""
