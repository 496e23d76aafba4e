"""`python -m c4trace`: the command line."""

import sys

from c4trace.cli import main

sys.exit(main())
