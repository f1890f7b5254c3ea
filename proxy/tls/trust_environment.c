/* SPDX-License-Identifier: MIT
 *
 * The variables that lead programs through the proxy and make them trust it: one table, and how each row gets its
 * value. The table is the documentation too: `run`, `ca env`, the manual page and README's table go by it. */
#include <stdlib.h>
#include <string.h>

#include "proxy/environment.h"
#include "proxy/tls/trust.h"

static const struct trust_row rows[] = {
    {"http_proxy", TRUST_PROXY, "curl, wget, Python, Ruby, Go, PHP's curl, Perl, git"},
    {"HTTP_PROXY", TRUST_PROXY, "Go, Python, Node"},
    {"https_proxy", TRUST_PROXY, "the same, for https"},
    {"HTTPS_PROXY", TRUST_PROXY, "the same, for https"},
    {"all_proxy", TRUST_PROXY, "curl, httpx"},
    {"ALL_PROXY", TRUST_PROXY, "curl, httpx"},
    {"no_proxy", TRUST_NONE, "names that would go around the proxy"},
    {"NO_PROXY", TRUST_NONE, "names that would go around the proxy"},
    {"HOPAUDIT_PROXY", TRUST_PROXY, "scripts that have to give a client its proxy by hand"},
    {"npm_config_proxy", TRUST_PROXY, "npm"},
    {"npm_config_https_proxy", TRUST_PROXY, "npm"},
    {"npm_config_noproxy", TRUST_NONE, "the same, of npm"},
    {"npm_config_cafile", TRUST_BUNDLE, "npm"},
    {"NODE_USE_ENV_PROXY", TRUST_ONE, "Node 22.21 and later: fetch and http use the variables above"},
    {"NODE_EXTRA_CA_CERTS", TRUST_CA, "Node"},
    {"DENO_CERT", TRUST_CA, "Deno"},
    {"SSL_CERT_FILE", TRUST_BUNDLE, "OpenSSL, Python, Ruby, Go, .NET, uv"},
    {"CURL_CA_BUNDLE", TRUST_BUNDLE, "curl, R"},
    {"REQUESTS_CA_BUNDLE", TRUST_BUNDLE, "Python's requests, HTTPie"},
    {"PIP_CERT", TRUST_BUNDLE, "pip"},
    {"GIT_SSL_CAINFO", TRUST_BUNDLE, "git"},
    {"CARGO_HTTP_CAINFO", TRUST_BUNDLE, "cargo"},
    {"NIX_SSL_CERT_FILE", TRUST_BUNDLE, "programs from Nix"},
    {"HTTPLIB2_CA_CERTS", TRUST_BUNDLE, "Python's httplib2"},
    {"CLOUDSDK_CORE_CUSTOM_CA_CERTS_FILE", TRUST_BUNDLE, "gcloud"},
    {"AWS_CA_BUNDLE", TRUST_BUNDLE, "AWS's tools and libraries"},
    {"PERL_LWP_SSL_CA_FILE", TRUST_BUNDLE, "Perl's LWP"},
    {"WGETRC", TRUST_WGETRC, "wget: the user's own wgetrc, and our certificates"},
    {"PHP_INI_SCAN_DIR", TRUST_PHP, "PHP: its usual .ini files, and our certificates"},
    {"JAVA_TOOL_OPTIONS", TRUST_JAVA, "Java: proxy (loopback names too), and a PKCS#12 trust store"},
};

const struct trust_row *const trust_rows = rows;
const size_t trust_row_count = sizeof(rows) / sizeof(rows[0]);

/* What the values are made of. */
struct making {
	char *const *environment;
	const char *proxy_url;
	const struct trust *trust; /* NULL: proxy only */
};

/* `before` and `more`, which is owned, unless it stands there already (`ca env` evaluated twice). */
static char *append(const char *before, const char *separator, char *more)
{
	char *all;

	if (!more || !before || !*before)
		return more;
	if (strstr(before, more))
		all = strdup(before);
	else if (asprintf(&all, "%s%s%s", before, separator, more) < 0)
		all = NULL;
	free(more);
	return all;
}

/* Host and port of "http://user@host:port"; a Java virtual machine takes an address with its brackets. */
struct endpoint {
	const char *host;
	int host_len;
	const char *port;
};

static struct endpoint endpoint_of(const char *url)
{
	const char *scheme = strstr(url, "://"), *at = strrchr(url, '@');
	const char *host = at ? at + 1 : scheme ? scheme + 3 : url;
	const char *colon = strrchr(host, ':');

	if (!colon)
		return (struct endpoint){host, (int)strlen(host), "80"};
	return (struct endpoint){host, (int)(colon - host), colon + 1};
}

/* The virtual machine splits the variable at white space outside quotes. */
static char *java_options(const struct making *m)
{
	const struct endpoint p = endpoint_of(m->proxy_url);
	char *proxy, *all;
	int n;

	n = asprintf(&proxy,
		     "-Dhttp.proxyHost=%.*s -Dhttp.proxyPort=%s -Dhttps.proxyHost=%.*s -Dhttps.proxyPort=%s "
		     "-Dhttp.nonProxyHosts=",
		     p.host_len, p.host, p.port, p.host_len, p.host, p.port);
	if (n < 0 || !m->trust)
		return n < 0 ? NULL : proxy;
	n = asprintf(&all,
		     "%s \"-Djavax.net.ssl.trustStore=%s\" -Djavax.net.ssl.trustStoreType=PKCS12 "
		     "-Djavax.net.ssl.trustStorePassword=" TRUST_PASSWORD,
		     proxy, m->trust->store_p12);
	free(proxy);
	return n < 0 ? NULL : all;
}

/* An empty element stands for PHP's own folder. */
static char *php_folders(const struct making *m)
{
	const char *before = environment_get(m->environment, "PHP_INI_SCAN_DIR");
	char *all;

	if (before)
		return append(*before ? before : NULL, ":", strdup(m->trust->php_folder));
	return asprintf(&all, ":%s", m->trust->php_folder) < 0 ? NULL : all;
}

/* Node reads this file beside its own roots: what the user put there stays trusted, for it is in the bundle. */
static const char *added_roots(const struct making *m, const char *name)
{
	const char *before = environment_get(m->environment, name);

	return before && *before ? m->trust->bundle_pem : m->trust->ca_pem;
}

static char *value_of(const struct making *m, const struct trust_row *row)
{
	switch (row->value) {
	case TRUST_PROXY:
		return strdup(m->proxy_url);
	case TRUST_ONE:
		return strdup("1");
	case TRUST_CA:
		return strdup(added_roots(m, row->name));
	case TRUST_BUNDLE:
		return strdup(m->trust->bundle_pem);
	case TRUST_WGETRC:
		return strdup(m->trust->wgetrc);
	case TRUST_PHP:
		return php_folders(m);
	case TRUST_JAVA:
		return append(environment_get(m->environment, row->name), " ", java_options(m));
	case TRUST_NONE:
		break;
	}
	return NULL;
}

static bool needs_files(enum trust_value v)
{
	return v == TRUST_CA || v == TRUST_BUNDLE || v == TRUST_WGETRC || v == TRUST_PHP;
}

bool trust_environment(struct trust_environment *e, char *const *environment, const char *proxy_url,
		       const struct trust *t)
{
	const struct making m = {environment, proxy_url, t};

	*e = (struct trust_environment){.items = calloc(trust_row_count, sizeof(*e->items))};
	if (!e->items)
		return false;
	for (size_t i = 0; i < trust_row_count; i++) {
		struct trust_variable *v = &e->items[e->count];

		if (!t && needs_files(rows[i].value))
			continue;
		v->row = &rows[i];
		v->value = value_of(&m, v->row);
		if (!v->value && v->row->value != TRUST_NONE) {
			trust_environment_free(e);
			return false;
		}
		e->count++;
	}
	return true;
}

void trust_environment_free(struct trust_environment *e)
{
	for (size_t i = 0; i < e->count; i++)
		free(e->items[i].value);
	free(e->items);
	*e = (struct trust_environment){0};
}
