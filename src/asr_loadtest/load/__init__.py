"""What is offered, and what came of it: pure values, no I/O."""
