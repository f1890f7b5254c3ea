/* SPDX-License-Identifier: MIT
 *
 * Places of hosts (host.h). */
#include "audit/host.h"

#include "parser/uri.h"

/* Last labels of names that mean something inside of one network only: RFC 6762, ICANN's .internal, RFC 8375, and those
 * that RFC 6762 appendix G tells to be in use. */
static const char *const internal_suffixes[] = {"local", "internal", "intranet",  "lan",        "home",
						"corp",  "private",  "home.arpa", "localdomain"};
static const char *const reserved_suffixes[] = {"test", "example", "invalid"};

/* Is it `suffix`, or does it end in "." and `suffix`? */
static bool ends_in(struct bytes host, const char *suffix)
{
	size_t len = strlen(suffix);
	if (host.len < len || !bytes_equal_nocase(bytes_slice(host, host.len - len, host.len), bytes_of(suffix, len)))
		return false;
	return host.len == len || host.ptr[host.len - len - 1] == '.';
}

static bool ends_in_any(struct bytes host, const char *const suffixes[], size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (ends_in(host, suffixes[i]))
			return true;
	}
	return false;
}

static enum host_place place_of_ipv4(uint32_t a)
{
	if (a >> 24 == 127 || a >> 24 == 0)
		return HOST_LOOPBACK;
	if (a >> 16 == (169u << 8 | 254))
		return HOST_LINK_LOCAL;
	if (a >> 24 == 10 || a >> 20 == (172u << 4 | 1) || a >> 16 == (192u << 8 | 168) || a >> 22 == (100u << 2 | 1))
		return HOST_PRIVATE;
	return HOST_PUBLIC;
}

static enum host_place place_of_ipv6(const uint8_t a[16])
{
	static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};
	static const uint8_t zeros[15] = {0};
	if (memcmp(a, mapped, sizeof(mapped)) == 0)
		return place_of_ipv4((uint32_t)a[12] << 24 | (uint32_t)a[13] << 16 | (uint32_t)a[14] << 8 | a[15]);
	if (memcmp(a, zeros, sizeof(zeros)) == 0 && a[15] <= 1)
		return HOST_LOOPBACK;
	if (a[0] == 0xfe && (a[1] & 0xc0) == 0x80)
		return HOST_LINK_LOCAL;
	return (a[0] & 0xfe) == 0xfc ? HOST_PRIVATE : HOST_PUBLIC;
}

static enum host_place place_of_name(struct bytes host)
{
	if (host.len > 0 && host.ptr[host.len - 1] == '.')
		host.len--;
	if (host.len == 0)
		return HOST_PUBLIC;
	if (ends_in(host, "localhost"))
		return HOST_LOOPBACK;
	if (ends_in_any(host, reserved_suffixes, sizeof(reserved_suffixes) / sizeof(reserved_suffixes[0])))
		return HOST_RESERVED;
	if (bytes_find(host, '.') == host.len)
		return HOST_INTERNAL;
	return ends_in_any(host, internal_suffixes, sizeof(internal_suffixes) / sizeof(internal_suffixes[0]))
		   ? HOST_INTERNAL
		   : HOST_PUBLIC;
}

enum host_place host_place(struct bytes host)
{
	uint32_t ipv4;
	uint8_t ipv6[16];
	if (uri_host_ipv4(host, &ipv4))
		return place_of_ipv4(ipv4);
	if (uri_host_ipv6(host, ipv6))
		return place_of_ipv6(ipv6);
	return place_of_name(host);
}

static struct bytes without_www(struct bytes host)
{
	return bytes_starts_nocase(host, BYTES("www.")) ? bytes_slice(host, 4, host.len) : host;
}

bool host_equal_but_www(struct bytes a, struct bytes b)
{
	return bytes_equal_nocase(without_www(a), without_www(b));
}
