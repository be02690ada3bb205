"""What pytest finds where diffcli is installed: a fixture that proves gradients in tests."""

from __future__ import annotations

from collections.abc import Callable

import pytest


@pytest.fixture
def gradcheck() -> Callable[..., bool]:
    """Return ``diffcli.testing.gradcheck``, which raises with the backward at fault."""
    from diffcli.testing import gradcheck

    return gradcheck
