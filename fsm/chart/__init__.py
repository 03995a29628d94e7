"""What a workflow is: frozen values and the classes that declare them; no behaviour over time."""
