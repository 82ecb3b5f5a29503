"""One call, decided: flows that say what is to be done, and drivers that do not know why."""
