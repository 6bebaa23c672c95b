"""What belongs to the process and not to a thread."""

from __future__ import annotations

import threading

ONE_AT_A_TIME = threading.Lock()
"""Held by whoever lets a library set the filters of warnings: of two in two threads one leaves them empty, and
thousands of lines are printed from then on."""
