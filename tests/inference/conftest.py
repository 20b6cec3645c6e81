"""One thread for torch: these tests' models are so small that a second one only waits, and slows the neighbours. And
decode.c is compiled before any test, so that none depends on when it arrives."""

import torch

from inference.model.native import compiling

torch.set_num_threads(1)
compiling.ensure()
