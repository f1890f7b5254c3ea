# SPDX-License-Identifier: MIT
"""The soak's short form. The long one: tests/e2e/soak.py --seconds 3600, with HOPAUDIT_BIN naming an ASan build."""
import os
import time

import pytest

from soak import soak


@pytest.mark.threads
def test_everything_is_back_where_it_began_after_random_misbehaviour(tmp_path):
    seed = int(os.environ.get("HOPAUDIT_SOAK_SEED", time.time()))
    print(f"HOPAUDIT_SOAK_SEED={seed}")  # shown by pytest when it fails
    figures = soak(tmp_path, 20, seed)
    assert figures["counts"]["honest, right"] > 200
