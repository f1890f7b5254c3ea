/* SPDX-License-Identifier: MIT */
#include "proxy/lab/world.h"

static const char *const site_names[SITE_COUNT] = {
    [SITE_HOME] = "home",
    [SITE_PORT] = "port",
    [SITE_SIBLING] = "sibling",
    [SITE_FOREIGN] = "foreign",
};

#define HOME "lab.hopaudit.invalid"
#define SIBLING "sibling.lab.hopaudit.invalid"
#define FOREIGN "lab.elsewhere.invalid"

static const uint16_t secure_ports[] = {443, 8443};

const struct lab_world lab_names = {{
    [SITE_HOME] = {HOME, HOME},
    [SITE_PORT] = {HOME ":8080", HOME ":8443"},
    [SITE_SIBLING] = {SIBLING, SIBLING},
    [SITE_FOREIGN] = {FOREIGN, FOREIGN},
}};

const char *lab_site_name(enum lab_site s)
{
	return site_names[s];
}

bool lab_names_host(struct bytes host)
{
	return bytes_equal_nocase(host, BYTES(HOME)) || bytes_equal_nocase(host, BYTES(SIBLING)) ||
	       bytes_equal_nocase(host, BYTES(FOREIGN));
}

bool lab_names_secure(uint16_t port)
{
	return port == secure_ports[0] || port == secure_ports[1];
}

/* "host:80" is "host" for http. */
static struct bytes without_default_port(struct bytes authority, bool secure)
{
	struct bytes port = secure ? BYTES(":443") : BYTES(":80");

	if (authority.len > port.len &&
	    bytes_equal(bytes_slice(authority, authority.len - port.len, authority.len), port))
		return bytes_slice(authority, 0, authority.len - port.len);
	return authority;
}

enum lab_site lab_site_of(const struct lab_world *w, bool secure, struct bytes authority, enum lab_site otherwise)
{
	struct bytes given = without_default_port(authority, secure);

	for (int s = 0; s < SITE_COUNT; s++) {
		struct bytes known = bytes_str(w->authority[s][secure]);

		if (known.len > 0 && bytes_equal_nocase(known, given))
			return (enum lab_site)s;
	}
	return otherwise;
}
