"""A campaign from labels in the store to finalized and all claimed, on a node of its own, step by step."""
