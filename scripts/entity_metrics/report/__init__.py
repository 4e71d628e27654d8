"""The report: one HTML file on what was done, what proves it, and what does not hold."""
