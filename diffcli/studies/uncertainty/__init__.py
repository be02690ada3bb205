"""How uncertain a value is whose inputs are."""
