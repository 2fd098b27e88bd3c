from __future__ import annotations

import os
import subprocess
import sys


def test_a_reader_that_has_enough_is_no_fault() -> None:
    """`sakura-rtx audit --codes | head -1`"""
    reader, writer = os.pipe()
    os.close(reader)
    program = "from components.cli import main; raise SystemExit(main(['audit', '--codes']))"
    done = subprocess.run(
        [sys.executable, "-c", program],
        stdout=writer,
        stderr=subprocess.PIPE,
        text=True,
        timeout=60,
        check=False,
    )
    os.close(writer)
    assert (done.returncode, done.stderr) == (1, "")
