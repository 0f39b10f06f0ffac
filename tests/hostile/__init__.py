"""Archives written by hand, byte by byte: sound ones to start from, and every hostile shape that is known.

Nothing here needs torch, and nothing that is written is ever to be unpickled.
"""
