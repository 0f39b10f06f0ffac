"""What torch.jit.script makes of a model: the compiler's own walk over the source, without the compiler.

    root -> compiled functions -> their syntax -> their types -> refusals

TorchScript is typed in one pass: a name has the type of its first assignment, a parameter that says nothing is a
Tensor, and an expression has exactly one type. So this is no fixpoint but the walk of the compiler, over the names,
classes and attributes the rest of the source engine knows. `compiler` is the way in; whatever is not known is of no
type, and nothing is ever refused because of it.
"""
