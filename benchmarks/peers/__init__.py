"""Other libraries, each measured beside the floors in an environment of its own; nothing here imports ours."""
