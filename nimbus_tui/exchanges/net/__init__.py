"""What every venue's connection is made of: requests, budgets, back-off, clocks. Knows no venue."""
