/* SPDX-License-Identifier: MIT */
#include "proxy/relay/access.h"

#include <arpa/inet.h>
#include <errno.h>
#include <ifaddrs.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct access_network {
	uint8_t address[16]; /* mapped */
	unsigned bits;       /* of the mapped address */
};

struct access_user {
	char *name; /* owned, one block with the password */
	const char *password;
};

struct access_ports {
	uint16_t from, to;
};

struct access_name {
	char *host;      /* owned */
	uint16_t port;   /* 0: any */
	bool keeps_port; /* no port behind '=': the one asked for */
	struct sockaddr_storage to;
};

static bool in_network(const uint8_t address[16], const uint8_t network[16], unsigned bits)
{
	unsigned whole = bits / 8, rest = bits % 8;

	if (memcmp(address, network, whole) != 0)
		return false;
	return rest == 0 || ((address[whole] ^ network[whole]) & (0xff00u >> rest) & 0xff) == 0;
}

static bool parse_network(const char *text, struct access_network *out)
{
	const char *slash = strchr(text, '/');
	char address[INET6_ADDRSTRLEN];
	size_t len = slash ? (size_t)(slash - text) : strlen(text);
	struct in_addr v4;
	unsigned long bits = 128, most;
	char *end;

	if (len >= sizeof(address))
		return false;
	memcpy(address, text, len);
	address[len] = '\0';
	if (inet_pton(AF_INET, address, &v4) == 1) {
		memset(out->address, 0, 10);
		memset(out->address + 10, 0xff, 2);
		memcpy(out->address + 12, &v4, 4);
		most = 32;
	} else if (inet_pton(AF_INET6, address, out->address) == 1) {
		most = 128;
	} else {
		return false;
	}
	if (slash) {
		if (!ascii_is_digit((unsigned char)slash[1]))
			return false;
		bits = strtoul(slash + 1, &end, 10);
		if (*end != '\0' || bits > most)
			return false;
		bits += 128 - most;
	}
	out->bits = (unsigned)bits;
	return true;
}

static bool read_networks(struct access *a, const struct string_list *from, char *error, size_t error_size)
{
	a->allow = calloc(from->count ? from->count : 1, sizeof(*a->allow));
	if (!a->allow)
		return false;
	for (size_t i = 0; i < from->count; i++) {
		if (!parse_network(from->items[i], &a->allow[i])) {
			snprintf(error, error_size, "--allow %s: not a network such as 10.0.0.0/8 or fd00::/8",
				 from->items[i]);
			return false;
		}
		a->allow_count++;
	}
	return true;
}

static bool parse_port(const char *from, const char *to, uint16_t *out)
{
	int64_t value;

	if (!bytes_to_int64(bytes_of(from, (size_t)(to - from)), &value) || value < 1 || value > 65535)
		return false;
	*out = (uint16_t)value;
	return true;
}

static bool read_ports(struct access *a, const struct string_list *from, char *error, size_t error_size)
{
	a->ports = calloc(from->count ? from->count : 1, sizeof(*a->ports));
	if (!a->ports)
		return false;
	for (size_t i = 0; i < from->count; i++) {
		const char *text = from->items[i], *dash = strchr(text, '-'), *end = text + strlen(text);
		struct access_ports *p = &a->ports[i];

		if (!parse_port(text, dash ? dash : end, &p->from) ||
		    !parse_port(dash ? dash + 1 : text, end, &p->to) || p->from > p->to) {
			snprintf(error, error_size, "--connect-ports %s: not a port (443) or a range (8000-8999)",
				 text);
			return false;
		}
		a->port_count++;
	}
	return true;
}

/* "[v6]:port", "host:port" or "host": where the host ends, and the port behind it (0: none). */
static bool split_port(const char *text, size_t len, size_t *host_len, uint16_t *port)
{
	const char *end = text + len, *close = memchr(text, ']', len);
	const char *colon = memchr(close ? close : text, ':', (size_t)(end - (close ? close : text)));

	*host_len = colon ? (size_t)(colon - text) : len;
	*port = 0;
	return *host_len > 0 && (!colon || parse_port(colon + 1, end, port));
}

static bool parse_name(const char *text, struct access_name *out)
{
	const char *equals = strchr(text, '=');
	struct in6_addr bare;
	size_t host_len, to_len;
	uint16_t port;

	if (!equals || !split_port(text, (size_t)(equals - text), &host_len, &out->port))
		return false;
	if (inet_pton(AF_INET6, equals + 1, &bare) == 1) {
		sockaddr_from_mapped((const uint8_t *)&bare, 0, &out->to);
		port = 0;
	} else if (!split_port(equals + 1, strlen(equals + 1), &to_len, &port) ||
		   !sockaddr_literal(bytes_of(equals + 1, to_len), port, &out->to)) {
		return false;
	}
	out->keeps_port = port == 0;
	out->host = strndup(text, host_len);
	return out->host != NULL;
}

static bool read_names(struct access *a, const struct string_list *from, char *error, size_t error_size)
{
	a->names = calloc(from->count ? from->count : 1, sizeof(*a->names));
	if (!a->names)
		return false;
	for (size_t i = 0; i < from->count; i++) {
		if (!parse_name(from->items[i], &a->names[i])) {
			snprintf(error, error_size, "--resolve %s: not HOST[:PORT]=ADDR[:PORT]", from->items[i]);
			return false;
		}
		a->name_count++;
	}
	return true;
}

static bool add_user(struct access *a, char *line)
{
	char *colon = strchr(line, ':');
	struct access_user *more;

	if (!colon || colon == line)
		return false;
	more = realloc(a->users, (a->user_count + 1) * sizeof(*more));
	if (!more)
		return false;
	a->users = more;
	*colon = '\0';
	more[a->user_count] = (struct access_user){line, colon + 1};
	a->user_count++;
	return true;
}

static bool read_users(struct access *a, const char *path, char *error, size_t error_size)
{
	FILE *file = fopen(path, "re");
	char *line = NULL;
	size_t room = 0;
	unsigned number = 0;
	ssize_t len;
	bool ok = true;

	if (!file) {
		snprintf(error, error_size, "--users %s: %s", path, strerror(errno));
		return false;
	}
	while (ok && (len = getline(&line, &room, file)) >= 0) {
		char *copy;

		number++;
		while (len > 0 && (line[len - 1] == '\n' || line[len - 1] == '\r'))
			line[--len] = '\0';
		if (len == 0 || line[0] == '#')
			continue;
		copy = strdup(line);
		ok = copy && add_user(a, copy);
		if (!ok) {
			snprintf(error, error_size, "--users %s: line %u: not NAME:PASSWORD", path, number);
			free(copy);
		}
	}
	if (line)
		OPENSSL_cleanse(line, room);
	free(line);
	fclose(file);
	if (ok && a->user_count == 0) {
		snprintf(error, error_size, "--users %s: no NAME:PASSWORD line in it", path);
		return false;
	}
	return ok;
}

bool access_init(struct access *a, const struct config *c, char *error, size_t error_size)
{
	memset(a, 0, sizeof(*a));
	a->deny_private = c->deny_private;
	snprintf(error, error_size, "out of memory");
	return read_networks(a, &c->allow, error, error_size) && read_ports(a, &c->connect_ports, error, error_size) &&
	       read_names(a, &c->resolve, error, error_size) &&
	       (!c->users || read_users(a, c->users, error, error_size));
}

static bool is_wildcard(const struct sockaddr_storage *sa)
{
	if (sa->ss_family == AF_INET6)
		return IN6_IS_ADDR_UNSPECIFIED(&((const struct sockaddr_in6 *)sa)->sin6_addr);
	return ((const struct sockaddr_in *)sa)->sin_addr.s_addr == htonl(INADDR_ANY);
}

static void read_local_addresses(struct access *a)
{
	struct ifaddrs *all = NULL;

	if (getifaddrs(&all))
		return;
	for (const struct ifaddrs *i = all; i; i = i->ifa_next) {
		struct sockaddr_storage *more;

		if (!i->ifa_addr || (i->ifa_addr->sa_family != AF_INET && i->ifa_addr->sa_family != AF_INET6))
			continue;
		more = realloc(a->local, (a->local_count + 1) * sizeof(*more));
		if (!more)
			break;
		a->local = more;
		memcpy(&more[a->local_count++], i->ifa_addr, sockaddr_length(i->ifa_addr));
	}
	freeifaddrs(all);
}

void access_set_own(struct access *a, const struct sockaddr_storage *own)
{
	a->own = *own;
	if (is_wildcard(own))
		read_local_addresses(a);
}

void access_free(struct access *a)
{
	for (size_t i = 0; i < a->user_count; i++) {
		OPENSSL_cleanse((char *)a->users[i].password, strlen(a->users[i].password));
		free(a->users[i].name);
	}
	for (size_t i = 0; i < a->name_count; i++)
		free(a->names[i].host);
	free(a->allow);
	free(a->users);
	free(a->ports);
	free(a->names);
	free(a->local);
}

static bool is_loopback(const uint8_t mapped[16])
{
	return IN6_IS_ADDR_LOOPBACK((const struct in6_addr *)mapped) ||
	       (IN6_IS_ADDR_V4MAPPED((const struct in6_addr *)mapped) && mapped[12] == 127);
}

/* Beyond loopback only the networks given may use us; users alone open it to every address that knows a password. */
bool access_client_allowed(const struct access *a, const struct sockaddr *from)
{
	uint8_t mapped[16];

	if (a->allow_count == 0)
		return true;
	sockaddr_mapped(from, mapped);
	if (is_loopback(mapped))
		return true;
	for (size_t i = 0; i < a->allow_count; i++)
		if (in_network(mapped, a->allow[i].address, a->allow[i].bits))
			return true;
	return false;
}

bool access_needs_user(const struct access *a)
{
	return a->user_count > 0;
}

bool access_decode_basic(struct bytes value, char *out, size_t size)
{
	const struct bytes scheme = BYTES("Basic ");
	struct bytes coded = bytes_trim(bytes_slice(value, scheme.len, value.len));
	char *colon;
	int len;

	/* EVP_DecodeBlock() wants whole groups of four and counts the padding in. */
	if (!bytes_starts_nocase(value, scheme) || coded.len == 0 || coded.len % 4 != 0 || coded.len / 4 * 3 + 2 > size)
		return false;
	len = EVP_DecodeBlock((unsigned char *)out, (const unsigned char *)coded.ptr, (int)coded.len);
	if (len < 0)
		return false;
	for (size_t i = coded.len; i > 0 && coded.ptr[i - 1] == '='; i--)
		len--;
	out[len] = '\0';
	if (memchr(out, '\0', (size_t)len))
		return false;
	colon = strchr(out, ':');
	if (!colon)
		out[len + 1] = '\0'; /* a name alone: an empty password */
	else
		*colon = '\0';
	return true;
}

static bool same_secret(const char *a, const char *b)
{
	size_t len = strlen(a);

	return len == strlen(b) && CRYPTO_memcmp(a, b, len) == 0;
}

bool access_user_known(const struct access *a, const char *name, const char *password)
{
	for (size_t i = 0; i < a->user_count; i++)
		if (strcmp(a->users[i].name, name) == 0 && same_secret(a->users[i].password, password))
			return true;
	return false;
}

bool access_connect_port(const struct access *a, uint16_t port)
{
	if (a->port_count == 0)
		return true;
	for (size_t i = 0; i < a->port_count; i++)
		if (port >= a->ports[i].from && port <= a->ports[i].to)
			return true;
	return false;
}

static bool is_private(const uint8_t mapped[16])
{
	static const struct access_network table[] = {
#define V4(a, b, c, d, bits) {{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, a, b, c, d}, 96 + (bits)}
	    V4(0, 0, 0, 0, 8),    V4(10, 0, 0, 0, 8),     V4(100, 64, 0, 0, 10),
	    V4(127, 0, 0, 0, 8),  V4(169, 254, 0, 0, 16), V4(172, 16, 0, 0, 12),
	    V4(192, 0, 0, 0, 24), V4(192, 168, 0, 0, 16), V4(198, 18, 0, 0, 15),
	    V4(224, 0, 0, 0, 4),  V4(240, 0, 0, 0, 4),
#undef V4
	    {{0xfc}, 7},        /* unique local */
	    {{0xfe, 0x80}, 10}, /* link-local */
	    {{0xff}, 8},        /* multicast */
	    {{0}, 127},         /* :: and ::1 */
	};

	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
		if (in_network(mapped, table[i].address, table[i].bits))
			return true;
	return false;
}

/* Connecting to a wildcard address reaches loopback. */
static void reach(const struct sockaddr *to, uint8_t mapped[16])
{
	sockaddr_mapped(to, mapped);
	if (IN6_IS_ADDR_UNSPECIFIED((const struct in6_addr *)mapped))
		mapped[15] = 1;
	else if (IN6_IS_ADDR_V4MAPPED((const struct in6_addr *)mapped) && memcmp(mapped + 12, "\0\0\0\0", 4) == 0)
		memcpy(mapped + 12, "\x7f\0\0\1", 4);
}

static bool is_own(const struct access *a, const struct sockaddr *to, const uint8_t mapped[16])
{
	const struct sockaddr *own = (const struct sockaddr *)&a->own;
	uint8_t other[16];

	if (sockaddr_port(to) != sockaddr_port(own))
		return false;
	if (!is_wildcard(&a->own)) {
		sockaddr_mapped(own, other);
		return memcmp(mapped, other, 16) == 0;
	}
	if (is_loopback(mapped))
		return true;
	for (size_t i = 0; i < a->local_count; i++) {
		sockaddr_mapped((const struct sockaddr *)&a->local[i], other);
		if (memcmp(mapped, other, 16) == 0)
			return true;
	}
	return false;
}

enum access_verdict access_address(const struct access *a, const struct sockaddr *to)
{
	uint8_t mapped[16];

	reach(to, mapped);
	if (is_own(a, to, mapped))
		return ACCESS_OWN;
	return a->deny_private && is_private(mapped) ? ACCESS_PRIVATE : ACCESS_OK;
}

bool access_resolve(const struct access *a, struct bytes host, uint16_t port, struct sockaddr_storage *to)
{
	for (size_t i = 0; i < a->name_count; i++) {
		const struct access_name *n = &a->names[i];

		if ((n->port != 0 && n->port != port) || !bytes_equal_nocase(bytes_str(n->host), host))
			continue;
		*to = n->to;
		if (n->keeps_port)
			sockaddr_set_port(to, port);
		return true;
	}
	return false;
}
