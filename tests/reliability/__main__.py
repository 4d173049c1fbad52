"""`python -m tests.reliability` is `python -m tests.reliability.run`."""

from __future__ import annotations

import sys

from tests.reliability.run import main

sys.exit(main())
