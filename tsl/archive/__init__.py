"""A TorchScript archive read without torch: never unpickled, never executed.

The rooms, ground first: `values` (what pickles hold, as data), `zip` (members by an own walk of the central
directory), `pickle` (an opcode loop over what PyTorch writes), `kind` (what a file is, whatever its name says),
`module` (the tree of modules with its tensors' descriptions), `code` (the printed functions and classes), `debug`
(where in the user's files they come from). What is wrong with an archive is a finding that names it; it will never
look anything up, call anything, or read the data of a tensor.
"""
