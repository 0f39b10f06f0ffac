"""Where a model goes: which operators a target has, what of a model it lacks, and what a team locks of a model.

    table     which operators, in which versions of it; and the tables that ship with tsl
    named     from `onnx:13` to a target, and a user's own target
    release   the schemas of one release of torch
    judge     whether a target takes a node
    facts     what rules ask
    runtime   the first release of torch that has all a model calls
    lock      what a lock file holds, and what has drifted from it

Tables are written by scripts/target_tables.py, and each says how it was obtained. Nothing here knows a rule.
"""
