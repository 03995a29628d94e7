"""What the commands of `fsm` do; each module is imported only when its command runs."""
