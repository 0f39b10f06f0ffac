"""The semantic oracle: what torch does with small random modules, held against what tsl says about their text.

hypothesis writes a module (`program`), torch traces it on one input and runs it on others (`running`), and tsl reads
it (`judging`). Eager and traced that differ while tsl is silent are a gap in the engine; `reducing` cuts the module
down to what shows it, and `search` does this many times and counts. docs/oracle.md says how to read what it prints.

In the order in which it is best read: `kinds`, `writer`, then what is written, smallest first (`numbers`, `truths`,
`tensors`, `sequences`, `members`, `statements`), then `program`. Needs hypothesis and torch.
"""
