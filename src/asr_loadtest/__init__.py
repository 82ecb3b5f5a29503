"""A gateway-aware load tester for speech recognition: a seed, not yet built (README, "Scope")."""
