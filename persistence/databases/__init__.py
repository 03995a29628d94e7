"""One module for each database, holding only what is special about it."""
