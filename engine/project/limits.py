"""How much a project file may ask for. One table, so that nothing is allocated on a file's word.

A chain of 20,000 Conv2d has 9 MB of project.json and 900,000 marks in it, and opens.
"""

from __future__ import annotations

FILE_BYTES = 4 * 2**30
# The archive
MEMBERS = 64
MEMBER_NAME = 200
DIRECTORY_BYTES = 64 * 2**10
#: Unpacked size of weights, as a multiple of the packed one: trained numbers hardly shrink. Text may
#: shrink a thousandfold, so project.json is bounded by PROJECT_BYTES alone.
RATIO = 10
# project.json
PROJECT_BYTES = 12 * 2**20
JSON_DEPTH = 64
#: Brackets, commas and colons: what bounds the number of values before they are made.
JSON_MARKS = 1_000_000
#: Numbers beyond 2**53 are not exact in every reader of JSON.
WHOLE_NUMBER = 2**53
NUMBER_DIGITS = 400
TEXT = 20_000
NODES = 20_000
LINKS = 50_000
PARAMETERS_PER_NODE = 200
DATA_SETTINGS = 200
# weights.safetensors
TENSORS = 20_000
TENSOR_HEADER_BYTES = 16 * 2**20
TENSOR_AXES = 8
# The states of a run: weights, what the optimizer remembers of them, random numbers
STATE_BYTES = 64 * 2**30
STATE_TENSORS = 50_000
STATE_TEXT = 8 * 2**20
# run.json
RUN_BYTES = 2 * 2**20
