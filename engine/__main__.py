"""``python -m engine``: the command line."""

import faulthandler

from engine.cli import main

faulthandler.enable()  # a crash in a compiled library leaves a trace
main()
