"""What an archive may ask of the reader: the numbers above which a file is refused with a name instead of read.

Each is far above the largest thing met in the zoo of `benchmarks/zoo.py` (294 archives, of models of torchvision, timm,
torchaudio and others, and silero-vad's), which is given beside it; a file above one is a finding, never an
exception. Needs nothing and will never hold logic.
"""

from __future__ import annotations

MIB = 1 << 20

# The container.
TAIL_BYTES = 65_535 + 22  # how far before the end of a file the end record may begin: the format's own limit
STRAY_TAIL_BYTES = MIB  # how much further it is looked for, only to name what hides it
DIRECTORY_BYTES = 64 * MIB  # 0.4 MiB
MEMBERS = 100_000  # 3,417
NAME_BYTES = 1_024  # 140
MEMBER_BYTES = 64 * MIB  # of a member that is read, which weights never are: 0.2 MiB
CHECKED_BYTES = 256 * MIB  # of all members together that are held to their checksums: 2.6 MiB
RATIO, RATIO_FREE_BYTES = 100, MIB  # inflated to deflated, for members above so many bytes: 10
TRICKS = 20  # of one name that are told; more say nothing new

# The pickles.
OPCODES = 2_000_000  # 53,000
MARKS = 2_000  # open at once: 12
MEMO = OPCODES  # the highest index
GLOBALS = 20_000  # different ones: 1,109
STRING_BYTES = 16 * MIB
LINE_BYTES = 4_096  # an opcode whose argument ends with a line feed
LONG_BYTES = 16  # of an integer: torch has none above 8
DEPTH = 128  # containers within each other: 21
# Values that a walk of the result meets, what is shared each time: so many, and more for each byte of the pickle: 0.1
WEIGHT, WEIGHT_A_BYTE = 100_000, 2
PROBLEMS = 100  # named per pickle; more say nothing new
