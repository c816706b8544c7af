"""A campaign settled and verified at several sizes: time, memory, and the size of its bundle."""
