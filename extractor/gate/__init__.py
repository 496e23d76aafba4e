"""What a policy forbids, and what a baseline accepts."""
