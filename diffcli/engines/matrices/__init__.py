"""Jacobians and Hessians by their structure: patterns, colouring, and what the numbers say."""
