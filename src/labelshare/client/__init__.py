"""What requesters, annotators and share holders do, and how an annotator's client speaks to an oracle."""
