/* SPDX-License-Identifier: MIT
 *
 * What the name or the address of a host says of where it is. By its spelling alone: no name is looked up. Pure. */
#ifndef AUDIT_HOST_H
#define AUDIT_HOST_H

#include "parser/bytes.h"

enum host_place {
	HOST_PUBLIC,     /* a name with a dot, an address of the internet; also what can't be told */
	HOST_RESERVED,   /* names that belong to tests and documents (RFC 2606): neither public nor internal */
	HOST_INTERNAL,   /* a name that only a private network resolves: "db", "printer.local", "api.internal" */
	HOST_PRIVATE,    /* an address of a private network (RFC 1918, RFC 6598, RFC 4193) */
	HOST_LINK_LOCAL, /* 169.254.0.0/16, fe80::/10: cloud metadata is there */
	HOST_LOOPBACK    /* localhost, 127.0.0.0/8, ::1, and the unspecified address, which leads there */
};

/* `host` as in a URI, with the brackets of an IP literal. Addresses are recognised in every spelling that clients read
 * as one (uri_host_ipv4()). */
enum host_place host_place(struct bytes host) NODISCARD;

/* Equal but for case and a "www." in front of either? */
bool host_equal_but_www(struct bytes a, struct bytes b) NODISCARD;

#endif
