"""The verbs of `entity-metrics`, one module each, which has it as `command`."""
