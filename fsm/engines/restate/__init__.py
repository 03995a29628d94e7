"""Machines on Restate: one keyed virtual object is one instance."""
