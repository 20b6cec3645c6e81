"""One thread for torch: the models of these tests are so small that a second one only waits, and slows the neighbours."""

import torch

torch.set_num_threads(1)
