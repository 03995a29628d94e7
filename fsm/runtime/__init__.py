"""When and where a machine moves: the only asynchronous floor."""
