# SPDX-License-Identifier: MIT
"""A DNS server for one test: answers from a table, or not at all, and keeps what it was asked.

It needs port 53 (a resolv.conf cannot name another), hence root, and takes an address of 127.0.0.0/8 for itself.
"""
import random
import socket
import struct
import threading

A, AAAA = 1, 28
NXDOMAIN, SERVFAIL = 3, 2


class Silence:
    """In the table: this name is asked for in vain."""


class Nameserver:
    """`table`: name -> list of addresses | NXDOMAIN | SERVFAIL | Silence. Names that are not there do not exist."""

    def __init__(self, table):
        self.table = table
        self.asked = []
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.address = self._bind()
        self.thread = threading.Thread(target=self._serve, daemon=True)
        self.thread.start()

    def _bind(self):
        for _ in range(100):
            address = f"127.{random.randint(64, 254)}.{random.randint(0, 254)}.{random.randint(1, 254)}"
            try:
                self.socket.bind((address, 53))
                return address
            except OSError as error:
                if isinstance(error, PermissionError):
                    raise
        raise AssertionError("no address is free for a name server")

    def close(self):
        self.socket.sendto(b"", (self.address, 53))  # wakes the thread
        self.thread.join()
        self.socket.close()

    def _serve(self):
        while True:
            query, peer = self.socket.recvfrom(4096)
            if not query:
                return
            answer = self._answer(query)
            if answer:
                self.socket.sendto(answer, peer)

    def _answer(self, query):
        name, end = self._name(query)
        kind = struct.unpack_from(">H", query, end)[0]
        self.asked.append((name, kind))
        entry = self.table.get(name.lower(), NXDOMAIN)
        if entry is Silence:
            return None
        if isinstance(entry, int):
            return query[:2] + struct.pack(">HHHHH", 0x8180 | entry, 1, 0, 0, 0) + query[12 : end + 4]
        family = {A: socket.AF_INET, AAAA: socket.AF_INET6}.get(kind)
        wanted = [address for address in entry if family == (socket.AF_INET6 if ":" in address else socket.AF_INET)]
        records = b"".join(
            b"\xc0\x0c" + struct.pack(">HHIH", kind, 1, 60, len(packed)) + packed
            for packed in (socket.inet_pton(family, address) for address in wanted)
        )
        return query[:2] + struct.pack(">HHHHH", 0x8180, 1, len(wanted), 0, 0) + query[12 : end + 4] + records

    @staticmethod
    def _name(query):
        labels, at = [], 12
        while query[at]:
            labels.append(query[at + 1 : at + 1 + query[at]])
            at += 1 + query[at]
        return b".".join(labels).decode("latin-1"), at + 1
