"""Graphs as pictures: what of a graph is shown and how it is grouped, then the text of a form.

    drawing     from an archive to that text: which method, with which findings
    instances   functions once for each module, so that an inlined node knows its module
    findings    what the rules find in a node
    labels      what a node and the constants it takes are called
    scopes      which module a node belongs to
    sketch      a graph becomes a Picture: boxes, clusters, edges
    picture     the values a picture is made of
    focus       a part of a Picture
    dot         a Picture as DOT

Needs the archive road to graphs, and the rules through the driver. It will never start Graphviz, write a file, or
decide what is a finding.
"""
