"""The load tester's package: empty, not built yet (README, "Scope")."""
