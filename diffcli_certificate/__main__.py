"""Check certificates: exit code 0 if every claim of every file is proved, else 1."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from diffcli_certificate.claims import Certificate, Rejected, prove


def words(claim: Mapping[str, Any]) -> str:
    """Return a claim as a line: ``number point 1 f1 x y [1.99, 2.01]``."""
    about = [claim["kind"], f"point {claim['point'] + 1} f{claim['output'] + 1}"]
    about += claim.get("partial", [])
    said = ("variable", "side", "interval", "left", "right", "box")
    rest = [claim[key] for key in said if key in claim]
    rest += [f"in {claim['cuts'].count(None)} parts"] if "cuts" in claim else []
    return " ".join(map(str, [*about, *rest])).replace("'", "").replace("None", "infinite")


def check(path: Path) -> bool:
    """Print what becomes of each claim of a file, and return whether all are proved."""
    read = json.loads(path.read_text(encoding="utf-8"))
    certificate = Certificate(read["operations"], read["outputs"], read["points"])
    rejected = False
    sys.stdout.write(f"{path}: said to be {read['formula']}\n")
    for claim in read["claims"]:
        try:
            prove(certificate, claim)
            sys.stdout.write(f"  proved    {words(claim)}\n")
        except Rejected as rejection:
            rejected = True
            sys.stdout.write(f"  rejected  {words(claim)}: {rejection}\n")
    return bool(read["claims"]) and not rejected


def main() -> int:
    """Check the files that are named."""
    if not sys.argv[1:]:
        sys.stderr.write("usage: python -m diffcli_certificate FILE …\n")
        return 2
    try:
        return int(not all([check(Path(name)) for name in sys.argv[1:]]))  # noqa: C419  (check all)
    except (OSError, ValueError, LookupError, TypeError) as error:
        sys.stderr.write(f"error: a file is no certificate: {error}\n")
        return 2


if __name__ == "__main__":
    sys.exit(main())
