"""What our machines cost, beside hand-written floors and other libraries: in one run, as ratios."""
