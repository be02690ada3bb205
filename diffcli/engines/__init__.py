"""Three ways to differentiate one Function: autograd, symbolic, enclosure."""
