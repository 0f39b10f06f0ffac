"""Files as they are written: text with its encoding, mark of byte order and line ends, and a safe way to replace it.

Needs a file system. What it writes is whole or not at all, has the mode the file had, and is under the file's own name
where that is a link. It will never parse.
"""

from __future__ import annotations

import codecs
import os
import stat
import tempfile
from io import BytesIO
from tokenize import detect_encoding

from tsl.record import Record


class Text(Record):
    """The text of a file with its line ends as they are, and how it is encoded."""

    content: str
    encoding: str
    mark: bytes

    def encoded(self, content: str) -> bytes:
        """Another text as bytes of this file's kind. Raises UnicodeEncodeError where its encoding lacks a sign."""
        return self.mark + content.encode(self.encoding)


def text_of(data: bytes) -> Text:
    """The text that bytes of Python source are. Raises SyntaxError or UnicodeDecodeError where they are none."""
    encoding, _ = detect_encoding(BytesIO(data).readline)
    mark = codecs.BOM_UTF8 if data.startswith(codecs.BOM_UTF8) else b""
    encoding = "utf-8" if mark else encoding
    return Text(data[len(mark) :].decode(encoding), encoding, mark)


def replace(path: str, data: bytes) -> None:
    """Puts bytes in the place of a file, by renaming a finished file over it.

    Raises OSError, and then leaves what was there: also where the file itself may not be written to.
    """
    target = os.path.realpath(path)
    with open(target, "ab"):  # a rename would not ask whether the file may be written to
        mode = stat.S_IMODE(os.stat(target).st_mode)
    number, unfinished = tempfile.mkstemp(prefix=".tsl-", suffix=".tmp", dir=os.path.dirname(target))
    try:
        with os.fdopen(number, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(unfinished, mode)
        os.replace(unfinished, target)
    except OSError:
        os.unlink(unfinished)
        raise
