"""How often each policy and each public method finds the truth, on real crowds and under collusion."""
