"""Machines from elsewhere: documents, SCXML and `transitions`, read and written."""
