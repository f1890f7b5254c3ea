/* SPDX-License-Identifier: MIT */
#include "proxy/tls/context.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "proxy/tls/tls_io.h"

static const unsigned char alpn_http1[] = "\x08http/1.1";

static void last_reason(char *out, size_t size)
{
	const char *reason = ERR_reason_error_string(ERR_peek_last_error());

	snprintf(out, size, "%s", reason ? reason : "unknown error");
	ERR_clear_error();
}

static int choose_alpn(SSL *tls, const unsigned char **out, unsigned char *out_len, const unsigned char *in,
		       unsigned in_len, void *arg)
{
	unsigned char *chosen;

	(void)tls;
	(void)arg;
	if (SSL_select_next_proto(&chosen, out_len, alpn_http1, sizeof(alpn_http1) - 1, in, in_len) !=
	    OPENSSL_NPN_NEGOTIATED)
		return SSL_TLSEXT_ERR_NOACK;
	*out = chosen;
	return SSL_TLSEXT_ERR_OK;
}

/* server_name: list length, type 0, length, name (RFC 6066 §3). */
static void read_name(SSL *tls, struct hello *h)
{
	const unsigned char *p;
	size_t len, name_len;

	if (!SSL_client_hello_get0_ext(tls, TLSEXT_TYPE_server_name, &p, &len) || len < 5 || p[2] != 0)
		return;
	name_len = (size_t)p[3] << 8 | p[4];
	if (name_len > len - 5 || name_len >= sizeof(h->name) || memchr(p + 5, '\0', name_len))
		return;
	for (size_t i = 0; i < name_len; i++)
		h->name[i] = (char)ascii_lower(p[5 + i]);
}

/* ALPN: list length, then each protocol behind its length (RFC 7301 §3.1). */
static void read_protocols(SSL *tls, struct hello *h)
{
	const unsigned char *p;
	size_t len;

	h->offers_http1 = true;
	if (!SSL_client_hello_get0_ext(tls, TLSEXT_TYPE_application_layer_protocol_negotiation, &p, &len) || len < 2)
		return;
	h->has_alpn = true;
	h->offers_http1 = false;
	for (size_t at = 2; at < len && at + 1 + p[at] <= len; at += 1 + (size_t)p[at]) {
		struct bytes protocol = bytes_of((const char *)p + at + 1, p[at]);

		if (bytes_equal(protocol, BYTES("http/1.1")) || bytes_equal(protocol, BYTES("http/1.0")))
			h->offers_http1 = true;
	}
}

/* supported_versions: list length, then versions (RFC 8446 §4.2.1), some of them nonsense (RFC 8701). */
static void read_versions(SSL *tls, struct hello *h)
{
	const unsigned char *p;
	size_t len;

	h->newest = (int)SSL_client_hello_get0_legacy_version(tls);
	if (!SSL_client_hello_get0_ext(tls, TLSEXT_TYPE_supported_versions, &p, &len))
		return;
	for (size_t at = 1; at + 1 < len; at += 2) {
		int version = p[at] << 8 | p[at + 1];

		if (version > h->newest && version <= TLS1_3_VERSION)
			h->newest = version;
	}
}

static bool show_leaf(struct tls_context *t, SSL *tls, struct bytes host)
{
	X509 *leaf = authority_leaf(t->authority, host);
	bool ok = leaf && SSL_use_certificate(tls, leaf) == 1 &&
		  SSL_use_PrivateKey(tls, authority_leaf_key(t->authority)) == 1;

	X509_free(leaf);
	return ok;
}

static int on_client_hello(SSL *tls, int *alert, void *arg)
{
	struct tls_context *t = arg;
	struct hello_judge *j = SSL_get_app_data(tls);
	struct bytes host;

	if (j->judged)
		return SSL_CLIENT_HELLO_SUCCESS;
	read_name(tls, &j->hello);
	read_protocols(tls, &j->hello);
	read_versions(tls, &j->hello);
	j->judged = true;
	j->verdict = j->judge(j->arg, &j->hello, &j->reason);
	if (j->verdict == HELLO_PASS)
		return SSL_CLIENT_HELLO_ERROR;
	tls_release(tls);
	if (j->verdict == HELLO_REFUSE) {
		*alert = SSL_AD_PROTOCOL_VERSION;
		return SSL_CLIENT_HELLO_ERROR;
	}
	host = j->hello.name[0] ? bytes_str(j->hello.name) : j->fallback_host;
	if (show_leaf(t, tls, host))
		return SSL_CLIENT_HELLO_SUCCESS;
	j->reason = "no certificate can be made for this host";
	*alert = SSL_AD_INTERNAL_ERROR;
	return SSL_CLIENT_HELLO_ERROR;
}

static void write_key(const SSL *tls, const char *line)
{
	struct tls_context *t = SSL_CTX_get_app_data(SSL_get_SSL_CTX(tls));

	pthread_mutex_lock(&t->keys_lock);
	fprintf(t->keys, "%s\n", line);
	fflush(t->keys);
	pthread_mutex_unlock(&t->keys_lock);
}

/* A file that we make is nobody else's to read: it opens all of the traffic. */
static bool open_keys(struct tls_context *t, char *error, size_t error_size)
{
	const char *path = getenv("SSLKEYLOGFILE");
	int fd;

	if (!path || !*path)
		return true;
	fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
	t->keys = fd >= 0 ? fdopen(fd, "a") : NULL;
	if (!t->keys) {
		if (fd >= 0)
			close(fd);
		snprintf(error, error_size, "SSLKEYLOGFILE %s: %s", path, strerror(errno));
		return false;
	}
	SSL_CTX_set_keylog_callback(t->server, write_key);
	SSL_CTX_set_keylog_callback(t->client, write_key);
	return true;
}

/* Either side gets its part: by OpenSSL's own rule the names of TLS 1.3 begin with TLS_, and no older one does. Each of
 * the two has room for all of `list`. */
static void split_ciphers(const char *list, char *suites, char *older)
{
	static const char separators[] = ": ,;";
	size_t n;

	*suites = *older = '\0';
	for (list += strspn(list, separators); *list; list += n, list += strspn(list, separators)) {
		char *to = strncmp(list, "TLS_", 4) == 0 ? suites : older;

		n = strcspn(list, separators);
		sprintf(to + strlen(to), "%s%.*s", *to ? ":" : "", (int)n, list);
	}
}

/* A version that the list does not name keeps its own. */
static bool set_ciphers(SSL_CTX *context, const char *list)
{
	size_t size = strlen(list) + 1;
	char *suites = malloc(2 * size), *older = suites ? suites + size : NULL;
	bool ok = suites != NULL;

	if (!ok)
		return false;
	split_ciphers(list, suites, older);
	if (*suites)
		ok = SSL_CTX_set_ciphersuites(context, suites) == 1;
	if (ok && (*older || !*suites))
		ok = SSL_CTX_set_cipher_list(context, older) == 1;
	free(suites);
	return ok;
}

/* What both roles have in common. */
static bool set_up(struct tls_context *t, SSL_CTX *context, const struct config *c, char *error, size_t error_size)
{
	SSL_CTX_set_app_data(context, t);
	SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
				      SSL_MODE_RELEASE_BUFFERS);
	SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
	SSL_CTX_set_read_ahead(context, 1);
	if (!SSL_CTX_set_min_proto_version(context, c->tls_min ? c->tls_min : TLS1_2_VERSION)) {
		snprintf(error, error_size, "--tls-min: this OpenSSL does not speak it");
		return false;
	}
	if (c->tls_ciphers && !set_ciphers(context, c->tls_ciphers)) {
		snprintf(error, error_size, "--tls-ciphers %s: ", c->tls_ciphers);
		last_reason(error + strlen(error), error_size - strlen(error));
		return false;
	}
	if (c->tls_curves && !SSL_CTX_set1_groups_list(context, c->tls_curves)) {
		snprintf(error, error_size, "--tls-curves %s: ", c->tls_curves);
		last_reason(error + strlen(error), error_size - strlen(error));
		return false;
	}
	return true;
}

static bool trust_upstream(SSL_CTX *context, const struct config *c, char *error, size_t error_size)
{
	if (!SSL_CTX_set_default_verify_paths(context)) {
		snprintf(error, error_size, "the system's certificates can't be read: ");
		last_reason(error + strlen(error), error_size - strlen(error));
		return false;
	}
	for (size_t i = 0; i < c->upstream_ca.count; i++) {
		if (SSL_CTX_load_verify_file(context, c->upstream_ca.items[i]))
			continue;
		snprintf(error, error_size, "--upstream-ca %s: ", c->upstream_ca.items[i]);
		last_reason(error + strlen(error), error_size - strlen(error));
		return false;
	}
	return true;
}

bool tls_context_init(struct tls_context *t, const struct config *c, struct authority *authority, char *error,
		      size_t error_size)
{
	static const unsigned char session_context[] = "hopaudit";

	memset(t, 0, sizeof(*t));
	pthread_mutex_init(&t->keys_lock, NULL);
	t->authority = authority;
	t->server = SSL_CTX_new(TLS_server_method());
	t->client = SSL_CTX_new(TLS_client_method());
	t->bio = tls_bio_method();
	t->ours = X509_STORE_new();
	if (!t->server || !t->client || !t->bio || !t->ours ||
	    !X509_STORE_add_cert(t->ours, authority_certificate(authority))) {
		snprintf(error, error_size, "out of memory");
		return false;
	}
	if (!set_up(t, t->server, c, error, error_size) || !set_up(t, t->client, c, error, error_size) ||
	    !trust_upstream(t->client, c, error, error_size) || !open_keys(t, error, error_size))
		return false;
	SSL_CTX_set_session_id_context(t->server, session_context, sizeof(session_context) - 1);
	/* Tickets alone: the state is the client's to keep. */
	SSL_CTX_set_session_cache_mode(t->server, SSL_SESS_CACHE_OFF);
	SSL_CTX_set_num_tickets(t->server, 1);
	SSL_CTX_set_client_hello_cb(t->server, on_client_hello, t);
	SSL_CTX_set_alpn_select_cb(t->server, choose_alpn, NULL);
	SSL_CTX_set_verify(t->client, SSL_VERIFY_PEER, NULL);
	SSL_CTX_set_session_cache_mode(t->client, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
	return SSL_CTX_set_alpn_protos(t->client, alpn_http1, sizeof(alpn_http1) - 1) == 0;
}

void tls_context_free(struct tls_context *t)
{
	SSL_CTX_free(t->server);
	SSL_CTX_free(t->client);
	BIO_meth_free(t->bio);
	X509_STORE_free(t->ours);
	if (t->keys)
		fclose(t->keys);
}

void tls_server_begin(struct tls_context *t, SSL *tls, struct hello_judge *judge)
{
	(void)t;
	SSL_set_app_data(tls, judge);
	SSL_set_accept_state(tls);
}

static bool is_address(const char *host)
{
	ASN1_OCTET_STRING *address = a2i_IPADDRESS(host);

	ASN1_OCTET_STRING_free(address);
	return address != NULL;
}

bool tls_client_begin(struct tls_context *t, SSL *tls, const char *host, bool insecure, SSL_SESSION *session)
{
	bool address = is_address(host);

	(void)t;
	SSL_set_connect_state(tls);
	if (session && !SSL_set_session(tls, session))
		ERR_clear_error();
	if (!address && !SSL_set_tlsext_host_name(tls, host))
		return false;
	if (insecure) {
		SSL_set_verify(tls, SSL_VERIFY_NONE, NULL);
		return true;
	}
	SSL_set_hostflags(tls, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
	if (address)
		return X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(tls), host) == 1;
	return SSL_set1_host(tls, host) == 1;
}

bool tls_client_trust_ours(const struct tls_context *t, SSL *tls)
{
	return SSL_set1_verify_cert_store(tls, t->ours) == 1;
}
