"""What a change did to a model: two models, and the differences that matter.

    items      a graph as what it computes: operators and what feeds them, without names, numbers and order
    labels     what an item is by itself, and with all that comes before and after it
    pairs      which item of the one graph is which of the other, as far as that is known
    match      how that is found
    spread     what matched items say of their neighbours
    align      items in a row, where nothing else tells them apart
    settle     which of several look-alikes has no partner
    change     the values that a difference is made of
    compare    matched graphs become changes, each said once
    operands   what an item takes, beside what its partner takes
    grouped    changes of whole modules as one change each
    weights    what the modules hold
    findings   which findings are new, fixed and kept
    model      an archive as what is compared of it
    models     two models become a Difference
    union      both graphs as one
    drawn      a Difference as a picture
    elsewhere  a check of files that lie elsewhere than where they belong
    sides      from two words to a Difference
    gates      what a difference may be refused for

Needs graphs, what the analysis of graphs knows of their values, and the driver for findings. It will never run a model,
write a file, or say whether a difference is good.
"""
