"""The one flow: Function + points → engines → verdicts → Report."""

from diffcli.derivation.flow import derive
from diffcli.derivation.settings import DIGITS, ENGINES, Settings

__all__ = ["DIGITS", "ENGINES", "Settings", "derive"]
