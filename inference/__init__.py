"""Our own inference server for models of the Mistral family; it knows nothing of the arena and can be used alone.

    model/    checkpoint -> logits: configuration, weights, rotary positions, sliding-window attention, rolling buffer
    text/     messages <-> token ids: tokenizer, streaming detokenization, chat templates
    engine/   requests -> tokens over time: scheduler, sampling, the one thread that steps all models
    folder    what can be known of a model folder without reading its weights; hub: hf:ORG/NAME -> a folder
    server/   the OpenAI protocol over HTTP
    commands/ what `python -m inference` does, a file for each command
    demo/     the four small models that ship: the program that trains them, and their weights

`python -m inference --help` lists the commands.
"""

__version__ = "0.2.0"
