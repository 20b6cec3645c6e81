"""`python -m bench.models`: see `bench.models.layouts`."""

import sys

from bench.models.layouts import main

if __name__ == "__main__":
    sys.exit(main())
