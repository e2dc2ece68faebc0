"""How much a project file may ask for. One table, so that nothing is allocated on a file's word."""

from __future__ import annotations

FILE_BYTES = 4 * 2**30
MEMBERS = 64
#: project.json when unpacked; 10,000 nodes take about 3 MB.
PROJECT_BYTES = 64 * 2**20
#: Unpacked size may be at most this many times the packed one (for members above 1 MiB).
RATIO = 200
JSON_DEPTH = 64
#: Numbers beyond 2**53 are not exact in every reader of JSON.
WHOLE_NUMBER = 2**53
NODES = 20_000
LINKS = 100_000
PARAMETERS_PER_NODE = 200
TEXT = 20_000
TENSORS = 20_000
TENSOR_HEADER_BYTES = 16 * 2**20
TENSOR_AXES = 8
