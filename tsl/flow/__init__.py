"""Lattices and the one fixpoint loop that every analysis of tsl is solved by."""
