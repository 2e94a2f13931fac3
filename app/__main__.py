"""`python -m app`: the command line where the package is not installed, as in the container."""

import sys

from app.cli import main

sys.exit(main())
