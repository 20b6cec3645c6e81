"""One thread for torch, because a second one would only wait for these small models. The C code is compiled before any
test, so that no test depends on when it is ready.
"""

import torch

from inference.model.native import compiling

torch.set_num_threads(1)
compiling.ensure()
