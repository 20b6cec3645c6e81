"""Benchmarks beside other projects, and simulations.

Every comparison is a ratio of two things measured in one run.

    make bench                            ratings and inference beside their peers
    python -m bench.inference --help      parts of one benchmark; results are merged into bench/results/

`python -m bench.NAME` is the module or the folder of that name. The arena and the model server import nothing from
here. Each results file states the machine, the versions and the date.
"""
