"""What the runtime needs and others supply."""
