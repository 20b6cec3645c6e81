"""`python -m bench.pages`: see `bench.pages.watching`."""

import sys

from bench.pages.watching import main

if __name__ == "__main__":
    sys.exit(main())
