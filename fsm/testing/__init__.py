"""Trying machines out: without a store, without a clock, without waiting."""
