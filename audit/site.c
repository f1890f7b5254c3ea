/* SPDX-License-Identifier: MIT
 *
 * Sites by the public suffix list (site.h). The only file that includes libpsl. */
#include "audit/site.h"

#include <libpsl.h>

#define HOST_MAX 255u /* of a name in the DNS; what is longer has no registrable domain */

bool site_list_known(void)
{
	return psl_suffix_count(psl_builtin()) > 0;
}

static struct bytes without_dot(struct bytes host)
{
	return host.len > 1 && host.ptr[host.len - 1] == '.' ? bytes_slice(host, 0, host.len - 1) : host;
}

static bool is_address(struct bytes host)
{
	uint8_t v6[16];
	uint32_t v4;
	return uri_host_ipv4(host, &v4) || uri_host_ipv6(host, v6);
}

struct bytes site_of_host(struct bytes host)
{
	char lower[HOST_MAX + 1];
	host = without_dot(host);
	if (host.len == 0 || host.len > HOST_MAX || is_address(host))
		return host;
	for (size_t i = 0; i < host.len; i++)
		lower[i] = (char)ascii_lower((unsigned char)host.ptr[i]);
	lower[host.len] = 0;
	const char *domain = psl_registrable_domain(psl_builtin(), lower);
	return domain ? bytes_slice(host, (size_t)(domain - lower), host.len) : host;
}

bool site_same(const struct uri *a, const struct uri *b)
{
	return site_same_host(a, b) || bytes_equal_nocase(site_of_host(a->host), site_of_host(b->host));
}

bool site_same_host(const struct uri *a, const struct uri *b)
{
	struct uri there = *b;
	there.scheme = a->scheme;
	there.port = a->port;
	there.host = without_dot(there.host);
	struct uri here = *a;
	here.host = without_dot(here.host);
	return uri_same_origin(&here, &there);
}

enum site_distance site_distance(const struct uri *home, const struct uri *to)
{
	if (uri_same_origin(home, to))
		return SITE_SAME_ORIGIN;
	if (scheme_is(home, BYTES("https")) && !scheme_is(to, BYTES("https")))
		return SITE_DOWNGRADE;
	if (!site_same_host(home, to))
		return site_same(home, to) ? SITE_OTHER_HOST : SITE_FOREIGN;
	bool upgrade = scheme_is(to, BYTES("https")) && uri_port(home) == 80 && uri_port(to) == 443;
	return upgrade ? SITE_UPGRADE : SITE_OTHER_PORT;
}

bool site_is_loopback(struct bytes host)
{
	static const uint8_t one[16] = {[15] = 1};
	uint8_t v6[16];
	uint32_t v4;
	host = without_dot(host);
	if (uri_host_ipv4(host, &v4))
		return v4 >> 24 == 127;
	if (uri_host_ipv6(host, v6))
		return memcmp(v6, one, sizeof(one)) == 0;
	struct bytes suffix = BYTES(".localhost");
	return bytes_equal_nocase(host, BYTES("localhost")) ||
	       (host.len > suffix.len &&
		bytes_equal_nocase(bytes_slice(host, host.len - suffix.len, host.len), suffix));
}
