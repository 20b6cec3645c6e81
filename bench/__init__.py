"""Side-by-side benchmarks against other projects: every figure is a ratio of two things measured in one run.

    make bench                            sets up environments of their own with the peers, and measures everything
    python -m bench.inference --help      parts of it; results are merged into bench/results/
    python -m bench.ratings --help        ratings, in an environment of their own (requirements-bench-ratings.txt)

Nothing here is imported by the arena or by the model server. Results carry the machine, the versions and the date.
"""
