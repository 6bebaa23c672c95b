"""`gvio replay` in a process of its own, to be killed: its output goes through at once."""

import sys

from gvio.cli.main import main

main(["replay", *sys.argv[1:]])
