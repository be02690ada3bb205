"""The gradient of a formula of tensors as a formula of tensors."""
