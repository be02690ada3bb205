"""A formula as part of a model: fit a damped wave, its physics typed as a formula."""

from __future__ import annotations

import torch

import diffcli

wave = diffcli.parse("a*exp(-d*t)*cos(w*t)")


class Wave(torch.nn.Module):
    """Amplitude, damping and frequency are learnt; the formula is typed."""

    def __init__(self) -> None:
        super().__init__()
        self.formula = wave.torch
        self.a, self.d, self.w = (
            torch.nn.Parameter(torch.tensor(each, dtype=torch.float64)) for each in (1.0, 0.3, 2.2)
        )

    def forward(self, t: torch.Tensor) -> torch.Tensor:
        return self.formula(a=self.a, d=self.d, w=self.w, t=t)


t = torch.linspace(0, 5, 200, dtype=torch.float64)
measured = wave.torch(a=torch.tensor(1.5), d=torch.tensor(0.4), w=torch.tensor(2.0), t=t)

model = Wave()
optimizer = torch.optim.LBFGS(model.parameters(), max_iter=100, line_search_fn="strong_wolfe")


def closure() -> torch.Tensor:
    optimizer.zero_grad()
    loss = ((model(t) - measured) ** 2).mean()
    loss.backward()
    return loss


optimizer.step(closure)
found = {name: round(value.item(), 3) for name, value in model.named_parameters()}
assert found == {"a": 1.5, "d": 0.4, "w": 2.0}, found
print(f"learnt: {found}")
