# SPDX-License-Identifier: MIT
"""No verdict about a real client is wrong: exactness.py, a part of its cases here, all of them with `scripts/test --all`."""
import pytest

import exactness


@pytest.mark.parametrize(
    "names, thin",
    (
        pytest.param(exactness.USUAL, 24, id="some cases of the usual clients"),
        pytest.param(exactness.USUAL, 1, id="all cases of the usual clients", marks=pytest.mark.all),
        pytest.param(("httpie", "go", "java_http_client", "php_curl", "ruby", "lwp"), 6,
                     id="some cases of the large set", marks=pytest.mark.all),
    ),
)
def test_no_verdict_about_a_real_client_is_wrong(names, thin):
    total, wrong = exactness.measure(names, thin)
    assert wrong == []
    assert total["right"] > 5 * len(names)
    assert total["unverifiable"] <= total["right"] / 10
