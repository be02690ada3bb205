"""Taylor arithmetic in torch: partials of high order without nested autograd.

``components`` makes numbers of tensors, ``rules`` says what each row does to power series,
``jets`` computes with them, and ``partials`` reads the derivatives off.
"""
