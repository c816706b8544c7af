"""The oracle: collects sealed labels against receipts, posts their roots and proposes the settlement."""
