"""How a machine moves: pure, without clock, chance, input or output."""
