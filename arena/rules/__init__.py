"""What is allowed and what counts: pure functions of facts, clocks handed in. Effects live in `arena.service`."""
