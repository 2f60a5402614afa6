"""What `course` and the grading child both use: the wire between them, the ledger, the equipment."""
