"""Graphs as pictures: what of a graph is shown and how it is grouped, then the text of a form.

    labels    what a node and the constants it takes are called
    scopes    which module a node belongs to
    sketch    a graph becomes a Picture: boxes, clusters, edges
    picture   the values a picture is made of
    dot       a Picture as DOT

Needs the values of `tsl.ir.graph`. It will never start Graphviz, read a file, or decide what is a finding.
"""
