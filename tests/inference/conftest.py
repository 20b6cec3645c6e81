"""One thread for torch: these tests' models are so small that a second one only waits, and slows the neighbours."""

import torch

torch.set_num_threads(1)
