# SPDX-License-Identifier: MIT
"""What the workers share of TLS: the authority with its leaves, contexts, the key log, the hosts that were refused."""
import ssl
import threading

import pytest

from lib.message import redirect, request, response
from lib.tls import client_context, secrets_of

pytest_plugins = ("lib.tls_fixtures",)

CLIENTS = 8
ROUNDS = 6


@pytest.mark.threads
def test_many_clients_at_once_are_served_by_all_workers(start_tls_origin, start_tls_relay, trust, tmp_path):
    origins = start_tls_origin("shop.test"), start_tls_origin("other.test")
    for origin in origins:
        origin.on("/pay", redirect(307, f"{origin.url}/paid"))
        origin.on("/paid", lambda seen: response(200, body=seen.body))
    keys = tmp_path / "relay.keys"
    options = ("--workers", "4", "--limit-leaves", "1", "--passthrough-rejected")
    relay = start_tls_relay(*options, variables={"SSLKEYLOGFILE": str(keys)})
    failures = []

    def call(number):
        """Two origins in turn and a cache of one leaf: leaves come and go all the time."""
        try:
            for turn in range(ROUNDS):
                origin = origins[(number + turn) % 2]
                with relay.new_client() as client:
                    client.tunnel(origin.authority).secure(relay.context(), origin.name)
                    for path, status in (("/pay", 307), ("/paid", 200)):
                        body = b"%d-%d" % (number, turn)
                        answer = client.exchange(request("POST", path, body=body, host=origin.authority))
                        assert answer.status == status and (status != 200 or answer.body == body), answer
        except Exception as error:
            failures.append(error)

    def refuse():
        """By address, so that the others' names stay open."""
        for _ in range(ROUNDS):
            try:
                with relay.new_client() as client:
                    client.tunnel(origins[0].address_authority).secure(client_context(trust.ca_file), "127.0.0.1")
            except ssl.SSLCertVerificationError:
                pass

    threads = [threading.Thread(target=call, args=(number,)) for number in range(CLIENTS)]
    threads += [threading.Thread(target=refuse) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    assert failures == [] and not any(thread.is_alive() for thread in threads)
    log = relay.stop()
    assert log.one("run.started")["workers"] == 4
    assert len(log.events("tls.intercepted")) == CLIENTS * ROUNDS
    assert [event["outcome"] for event in log.events("redirect.closed")] == ["followed"] * CLIENTS * ROUNDS
    assert {event["verdicts"]["body"] for event in log.events("redirect.followed")} == {"pass"}
    assert 1 <= len(log.events("tls.rejected")) < 2 * ROUNDS and log.events("tls.passed_through")
    assert len(secrets_of(keys)) >= 5 * CLIENTS * ROUNDS
