"""What an archive may ask of the reader: the numbers above which a file is refused with a name instead of read.

Each is a multiple of the largest thing met in the archives of 111 models (torchvision, timm, torchaudio, silero-vad)
and of the released torch.save files seen; a file above one is a finding, never an exception. Needs nothing and will
never hold logic.
"""

from __future__ import annotations

MIB = 1 << 20

# The container.
TAIL_BYTES = 65_535 + 22  # how far before the end of a file the end record may begin: the format's own limit
STRAY_TAIL_BYTES = MIB  # how much further it is looked for, only to name what hides it
DIRECTORY_BYTES = 64 * MIB  # largest seen: 0.2 MiB for 1,900 members
MEMBERS = 100_000  # largest seen: 2,600
NAME_BYTES = 1_024  # largest seen: 118
MEMBER_BYTES = 64 * MIB  # of a member that is read; weights never are. Largest seen: 2 MiB
CHECKED_BYTES = 256 * MIB  # of all members together that are held to their checksums. Largest seen: 9 MiB
RATIO, RATIO_FREE_BYTES = 100, MIB  # inflated to deflated, for members above so many bytes. Largest seen: 13

# The pickles.
OPCODES = 4_000_000  # largest seen: 0.7 million
MARKS = 2_000  # open at once. Largest seen: 31
MEMO = 4_000_000  # the highest index
STRING_BYTES = 16 * MIB
LINE_BYTES = 4_096  # an opcode whose argument ends with a line feed
LONG_BYTES = 16  # of an integer: torch has none above 8
DEPTH = 128  # containers within each other. Largest seen: 24
# Values that a walk of the result meets, what is shared each time: so many, and more for each byte of the pickle.
WEIGHT, WEIGHT_A_BYTE = 100_000, 2
PROBLEMS = 100  # named per pickle; more say nothing new
