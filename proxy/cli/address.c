/* SPDX-License-Identifier: MIT
 *
 * Well-formedness of address-like option values. Numeric addresses only, but for the names that --resolve is about: a
 * listener given by name would depend on a resolver that may answer otherwise tomorrow. */
#include "proxy/cli/address.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#include "parser/bytes.h"

/* Decimal, no sign, at most `max`. */
static bool read_number(struct bytes text, int64_t max, int64_t *out)
{
	return text.len <= 9 && bytes_to_int64(text, out) && *out <= max;
}

/* A numeric address of family `family`, as inet_pton() reads it. */
static bool read_address(struct bytes text, int family, void *out)
{
	char copy[INET6_ADDRSTRLEN];

	if (text.len == 0 || text.len >= sizeof(copy))
		return false;
	memcpy(copy, text.ptr, text.len);
	copy[text.len] = '\0';
	return strlen(copy) == text.len && inet_pton(family, copy, out) == 1;
}

/* A host and what may stand behind it: [v6] or anything without a colon, then nothing or ":PORT". */
struct host_port {
	struct bytes host; /* without brackets */
	struct bytes port;
	bool bracketed;
	bool has_port;
};

static bool split_host_port(struct bytes text, struct host_port *out)
{
	struct bytes rest;

	*out = (struct host_port){0};
	if (text.len > 0 && text.ptr[0] == '[') {
		size_t close = bytes_find(text, ']');

		if (close == text.len)
			return false;
		out->bracketed = true;
		out->host = bytes_slice(text, 1, close);
		rest = bytes_slice(text, close + 1, text.len);
	} else {
		size_t colon = bytes_find(text, ':');

		out->host = bytes_slice(text, 0, colon);
		rest = bytes_slice(text, colon, text.len);
	}
	if (rest.len == 0)
		return out->host.len > 0;
	out->has_port = true;
	out->port = bytes_slice(rest, 1, rest.len);
	return rest.ptr[0] == ':' && out->host.len > 0;
}

/* The address of a listener as IPv6, IPv4 mapped into it. */
static bool read_listener(const char *value, struct in6_addr *address)
{
	struct host_port at;
	struct in_addr v4;
	int64_t port;

	if (!split_host_port(bytes_str(value), &at) || !at.has_port || !read_number(at.port, 65535, &port))
		return false;
	if (at.bracketed)
		return read_address(at.host, AF_INET6, address);
	if (!read_address(at.host, AF_INET, &v4))
		return false;
	*address = (struct in6_addr){0};
	address->s6_addr[10] = address->s6_addr[11] = 0xff;
	memcpy(&address->s6_addr[12], &v4, sizeof(v4));
	return true;
}

bool address_is_listener(const char *value)
{
	struct in6_addr address;

	return read_listener(value, &address);
}

bool address_listener_is_loopback(const char *value)
{
	struct in6_addr address;

	if (!read_listener(value, &address))
		return false;
	if (IN6_IS_ADDR_V4MAPPED(&address))
		return address.s6_addr[12] == 127;
	return IN6_IS_ADDR_LOOPBACK(&address);
}

bool address_listener_is_wildcard(const char *value)
{
	static const uint8_t none[4];
	struct in6_addr address;

	if (!read_listener(value, &address))
		return false;
	if (IN6_IS_ADDR_V4MAPPED(&address))
		return memcmp(&address.s6_addr[12], none, sizeof(none)) == 0;
	return IN6_IS_ADDR_UNSPECIFIED(&address);
}

bool address_is_network(const char *value)
{
	struct bytes text = bytes_str(value);
	size_t slash = bytes_find(text, '/');
	struct bytes host = bytes_slice(text, 0, slash);
	uint8_t address[sizeof(struct in6_addr)];
	int64_t bits;
	bool is_v4 = read_address(host, AF_INET, address);

	if (!is_v4 && !read_address(host, AF_INET6, address))
		return false;
	return slash == text.len || read_number(bytes_slice(text, slash + 1, text.len), is_v4 ? 32 : 128, &bits);
}

bool address_is_port_range(const char *value)
{
	struct bytes text = bytes_str(value);
	size_t dash = bytes_find(text, '-');
	int64_t first, last;

	if (!read_number(bytes_slice(text, 0, dash), 65535, &first) || first == 0)
		return false;
	if (dash == text.len)
		return true;
	return read_number(bytes_slice(text, dash + 1, text.len), 65535, &last) && last >= first;
}

static bool is_host_name(struct bytes host)
{
	for (size_t i = 0; i < host.len; i++) {
		unsigned char c = (unsigned char)host.ptr[i];

		if (!ascii_is_digit(c) && (unsigned char)(ascii_lower(c) - 'a') >= 26 && !strchr("-._", c))
			return false;
	}
	return host.len > 0 && host.len <= 253;
}

static bool is_port(const struct host_port *at)
{
	int64_t port;

	return !at->has_port || (read_number(at->port, 65535, &port) && port > 0);
}

bool address_is_resolve(const char *value)
{
	struct bytes text = bytes_str(value);
	size_t equals = bytes_find(text, '=');
	struct host_port from, to;
	uint8_t address[sizeof(struct in6_addr)];

	if (equals == text.len || !split_host_port(bytes_slice(text, 0, equals), &from) ||
	    !split_host_port(bytes_slice(text, equals + 1, text.len), &to) || !is_port(&from) || !is_port(&to))
		return false;
	if (from.bracketed ? !read_address(from.host, AF_INET6, address) : !is_host_name(from.host))
		return false;
	return read_address(to.host, to.bracketed ? AF_INET6 : AF_INET, address);
}

bool address_is_nameserver(const char *value)
{
	struct bytes text = bytes_str(value);
	uint8_t address[sizeof(struct in6_addr)];
	struct host_port at;

	if (read_address(text, AF_INET6, address))
		return true;
	return split_host_port(text, &at) && is_port(&at) &&
	       read_address(at.host, at.bracketed ? AF_INET6 : AF_INET, address);
}

bool address_is_host_pattern(const char *value)
{
	struct bytes host = bytes_str(value);
	struct in6_addr ignored;

	if (host.len > 2 && host.ptr[0] == '*' && host.ptr[1] == '.')
		return is_host_name(bytes_slice(host, 2, host.len));
	return is_host_name(host) || read_address(host, AF_INET6, &ignored);
}

void address_reach(const char *value, char *out, unsigned long size)
{
	const char *colon = strrchr(value, ':');

	if (address_listener_is_wildcard(value) && colon)
		snprintf(out, size, "%s%s", *value == '[' ? "[::1]" : "127.0.0.1", colon);
	else
		snprintf(out, size, "%s", value);
}
