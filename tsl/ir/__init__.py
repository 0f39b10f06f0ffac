"""TorchScript's intermediate representation: Graph, Block, Node and Value, with two roads to them.

The archive road needs no torch: `lower` turns the code of an archive into graphs by the schemas of `schema`, and
`inline` makes one graph of a method and what it calls. The torch road is `capture`, which copies a live graph once into
the same values. Rules and pictures see `graph` and never know which road a graph came by.
"""
