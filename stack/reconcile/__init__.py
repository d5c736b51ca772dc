"""From what is wanted and what was observed to what has to be done: pure, and every decision of the scheduler."""
