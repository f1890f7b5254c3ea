/* SPDX-License-Identifier: MIT
 *
 * URIs by RFC 3986 (§3 syntax, §5.2 resolution, §6.2.2 normalisation) as HTTP uses them (RFC 9110 §4), and the other
 * readings of a Location that clients really compute. Inside the project's purpose, hence written here. */
#ifndef PARSER_URI_H
#define PARSER_URI_H

#include "parser/bytes.h"

/* The components as they were written (RFC 3986 §3). A component that is absent has ptr NULL; one that is present and
 * empty (the query of "/a?") has ptr set and len 0. Borrowed from the parsed bytes. */
struct uri {
	struct bytes scheme;
	struct bytes authority; /* userinfo@host:port as written */
	struct bytes userinfo;
	struct bytes host; /* with the brackets of an IP literal */
	struct bytes port; /* digits as written; may be present and empty */
	struct bytes path; /* never absent; may be empty */
	struct bytes query;
	struct bytes fragment;
};

enum uri_error {
	URI_OK,
	URI_ERR_EMPTY,      /* nothing where a URI must stand */
	URI_ERR_SCHEME,     /* no scheme, or a malformed one */
	URI_ERR_CONTROL,    /* a control byte (00-1f, 7f) */
	URI_ERR_NO_HOST,    /* http or https without a host: "http:///x", "http:/x" */
	URI_ERR_HOST,       /* a byte that no host may hold, a malformed %XX in it, or over 765 bytes */
	URI_ERR_PORT,       /* not digits, or over 65535 */
	URI_ERR_IP_LITERAL, /* brackets without a valid IPv6 address (or IPvFuture) in them */
	URI_ERR_TOO_LONG,   /* the result does not fit the caller's buffer */
	URI_ERR_COUNT
};
const char *uri_error_text(enum uri_error e); /* one line, lower case; never NULL */

/* Splits a URI-reference (RFC 3986 §4.1, appendix B) without judging more than it must: any bytes but controls may
 * stand in path, query and fragment, since clients and servers do send them. Authority is split (at the last '@' where
 * there are several) and its host and port checked where the reference has one; a backslash in it is URI_ERR_HOST. What
 * looks like a scheme and cannot be one ("1.2.3.4:80/x") is the first segment of a path. An empty reference is one (it
 * means the base). The result borrows `ref`. */
enum uri_error uri_parse(struct bytes ref, struct uri *out) NODISCARD;

/* As uri_parse(), and the reference must be absolute, with scheme http or https (ignoring case) and a host. */
enum uri_error uri_parse_http(struct bytes ref, struct uri *out) NODISCARD;

/* An authority-form target (CONNECT, RFC 9112 §3.2.3): host ":" port, both required, no userinfo. */
enum uri_error uri_parse_authority(struct bytes target, struct uri *out) NODISCARD;

/* Does every byte belong where RFC 3986 lets it stand (and every '%' have two hex digits)? What uri_parse() lets pass
 * and this does not is the subject of the rule location-not-uri. */
bool uri_is_strict(const struct uri *u) NODISCARD;

/* The port as a number: as written, else the scheme's default (80, 443), else 0. */
uint16_t uri_port(const struct uri *u);
/* 80 for http, 443 for https (ignoring case), 0 for others. */
uint16_t scheme_default_port(struct bytes scheme);
bool scheme_is(const struct uri *u, struct bytes lower_case_scheme);

/* A buffer that the caller owns; functions append to it and never write past `max`. */
struct uri_buf {
	char *ptr;
	size_t len;
	size_t max;
};

/* Appends the recomposed reference (RFC 3986 §5.3). */
enum uri_error uri_write(const struct uri *u, struct uri_buf *out) NODISCARD;

/* Resolves `ref` against `base` by RFC 3986 §5.2.2, strict, and appends the target. `base` must have a scheme.
 * The fragment is `ref`'s own. Bytes are kept as written, but for dot segments. */
enum uri_error uri_resolve(const struct uri *base, const struct uri *ref, struct uri_buf *out) NODISCARD;

/* Appends the normal form that RULES' level E1 compares (RFC 3986 §6.2.2, RFC 9110 §4.2.3): scheme and host in lower
 * case; default or empty port dropped, leading zeros of a port too; empty path "/" ; %XX of unreserved bytes decoded,
 * other hex in upper case; dot segments removed after that; IPv6 address compressed (RFC 5952); userinfo and fragment
 * left out. `u` must have passed uri_parse_http(). */
enum uri_error uri_normalize(const struct uri *u, struct uri_buf *out) NODISCARD;

/* Appends "scheme://host[:port]" in normal form. */
enum uri_error uri_write_origin(const struct uri *u, struct uri_buf *out) NODISCARD;

/* The IPv4 address that a host spells in any of the ways that inet_aton() and browsers read: "127.0.0.1", "127.1",
 * "2130706433", "0x7f.0.0.1", "0177.0.0.1", with a dot behind or digits as %XX. In host byte order. */
bool uri_host_ipv4(struct bytes host, uint32_t *addr) NODISCARD;

/* The IPv6 address of a host, with brackets or without; no zone id. An IPv4-mapped one is given as it is. */
bool uri_host_ipv6(struct bytes host, uint8_t addr[16]) NODISCARD;

/* A hash of the origin (scheme, host, port) that does not depend on spelling: equal origins (uri_same_origin) have
 * equal hashes. Cheap enough for every request: no allocation, and no normal form is built where the host is ASCII. */
uint64_t uri_origin_hash(const struct uri *u, uint64_t seed) NODISCARD;

/* Same scheme, host and effective port (RFC 9110 §4.3.1)? Hosts are compared ignoring case and spelling: %XX, IPv6
 * compression, and U-label or A-label, but no Unicode is mapped or normalised; "h" and "h." differ. */
bool uri_same_origin(const struct uri *a, const struct uri *b) NODISCARD;

/* How exactly a request's URL equals an expected one (RULES.md §5). Lower is closer. */
enum uri_match { URI_E0, URI_E1, URI_E2, URI_E3, URI_DIFFERENT } ONE_BYTE;

/* E0: byte-equal; E1: equal normal forms; E2: equal after the canonical encoder of RULES §5 (raw byte and its %XX,
 * space and %20, a lone '?' and none, ' and %27 in a query, '%' without hex and %25, U-label and A-label, TAB, CR and
 * LF removed). Never E3: that compares with an alternative reading, see below. What is no http or https URI equals only
 * itself. `scratch` belongs to the caller, has room for 4 × (a.len + b.len) + 64 bytes and is left as it was; with less
 * the answer may be URI_DIFFERENT. */
enum uri_match uri_compare(struct bytes a, struct bytes b, struct uri_buf *scratch) NODISCARD;

/* Appends path and query in the form that E2 compares: two http or https URIs of one origin (uri_same_origin) are equal
 * at E2, or closer, where these forms are. At most 2 bytes longer than both. False where that does not fit. */
bool uri_write_canonical(const struct uri *u, struct uri_buf *out) NODISCARD;

/* The other targets that real clients make of one Location (RULES §5, level E3), each with its cause. */
enum uri_alternative {
	URI_ALT_MOJIBAKE,          /* each byte over 0x7f read as Latin-1, written as UTF-8 */
	URI_ALT_REPLACEMENT,       /* each malformed UTF-8 sequence became U+FFFD */
	URI_ALT_DOUBLE_ENCODED,    /* %XX became %25XX */
	URI_ALT_BACKSLASH,         /* '\' read as '/' (WHATWG) */
	URI_ALT_BACKSLASH_ESCAPED, /* '\' written as %5C, where that is more than E2: in an authority */
	URI_ALT_BASE_ROOT,         /* a relative path resolved against "/" */
	URI_ALT_BASE_DIRECTORY,    /* ... against the base as if it ended in "/" */
	URI_ALT_QUERY_MERGE,       /* "?q" merged as a path: the last segment dropped (JDK) */
	URI_ALT_DOTS_KEPT,         /* dot segments left in: equal at E1, hence never told by uri_alternatives() */
	URI_ALT_FRAGMENT_KEPT,     /* fragment left in the target behind a %23 (behind a '#' it is equal at E1) */
	URI_ALT_QUERY_DROPPED,
	URI_ALT_QUERY_APPENDED,   /* the base's query appended to a target without one */
	URI_ALT_SCHEME_KEPT,      /* the base's scheme kept on the new authority */
	URI_ALT_PORT_KEPT,        /* the base's port carried over to the new host */
	URI_ALT_RESERVED_DECODED, /* %2F and other reserved bytes decoded */
	/* These two repair what has no host, so that there is nothing right beside them (WHATWG, curl). */
	URI_ALT_SLASHES_REPAIRED, /* "http:/h/x" and "http:///h/x" read as "http://h/x" */
	URI_ALT_SCHEME_IGNORED,   /* "http:/x" and "http:x" read as "/x" and "x" */
	URI_ALT_COUNT
};
const char *uri_alternative_text(enum uri_alternative a); /* the cause, in words; never NULL */

/* Told of each alternative that differs (beyond E2) from the right target. `target` lives until the call returns.
 * Return false to stop. */
typedef bool uri_alternative_cb(void *arg, enum uri_alternative why, struct bytes target);

/* Computes the alternatives of `location` (as received; OWS around it is trimmed) against `base`, an http or https URI:
 * those that are http or https URIs and not what RFC 3986 makes of it. One mistake at a time, no combinations; two
 * mistakes may give one target. A location that is no URI-reference may have alternatives too. `scratch` as above with
 * room for 8 × (base + location) + 256 bytes; what does not fit is not told. */
void uri_alternatives(const struct uri *base, struct bytes location, struct uri_buf *scratch, uri_alternative_cb *cb,
		      void *arg);

#endif
