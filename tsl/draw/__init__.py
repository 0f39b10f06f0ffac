"""Graphs as pictures: what of a graph is shown and how it is grouped, then a form that people or machines read.

    drawing     from an archive to a picture: which method, how much of it, with what is known of it
    instances   functions once for each module, so that an inlined node knows its module
    known       what is known of nodes and values: findings, shapes, devices, transfers, waits, lines of source
    places      where a node comes from, as it is written
    labels      what a node and the constants it takes are called
    scopes      which module a node belongs to
    sketch      a graph becomes a Picture: boxes, clusters, edges
    hulls       fusion groups around the boxes of a Picture
    source flow Python functions become a Picture: their control flow, and what a trace loses of it
    picture     the values a picture is made of
    members     what lies in a picture, by depth
    focus       a part of a Picture
    repeats fit strain thin   a Picture made small enough: repeats, closed clusters, labels
    look        colors and shapes by kind and tone, for light paper and dark
    forms       which form is written, and by whom
    dot mermaid as_json       a Picture as text
    render svg html page/     a Picture laid out by Graphviz, as an image and as a page

Needs the archive road to graphs, and the rules through the driver. Only `render` starts Graphviz. It will never write a
file, or decide what is a finding.
"""
