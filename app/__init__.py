"""Planspot: register a symbol from one example, find and count every copy of it on construction drawings."""

import os

# Threads of libgomp spin while they wait for each other, and so hold up whatever else the processor has to do: beside one
# other process a search took three times as long. It is read when torch is loaded, hence before all else.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
