"""Taylor arithmetic in torch: partials of high order without nested autograd."""
