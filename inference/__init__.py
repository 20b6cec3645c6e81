"""An inference server for models of the Mistral family.

It can be used without the arena.

    model/    checkpoint -> logits: configuration, weights, rotary positions, sliding-window attention, rolling buffer
    text/     messages <-> token ids: tokenizer, streaming detokenization, chat templates
    engine/   requests -> tokens over time: scheduler, sampling, the one thread that steps all models
    folder    a model folder's shape, tokenizer and chat layout, without its weights
    hub       hf:ORG/NAME -> a folder
    server/   the OpenAI protocol over HTTP
    commands/ the commands of `python -m inference`
    bench     how fast a model runs on this machine
    progress  progress bars
    demo/     the four demo models: the program that trains them, and their weights (demo:NAME)

`python -m inference --help` lists the commands.
"""

__version__ = "0.2.0"
