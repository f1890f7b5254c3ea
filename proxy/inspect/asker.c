/* SPDX-License-Identifier: MIT */
#include "proxy/inspect/asker.h"

#include <curl/curl.h>
#include <openssl/ssl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "parser/uri.h"
#include "proxy/relay/host_pattern.h"

#define CONTENT_MAX ((uint64_t)64 << 20) /* of a response; the rest is not waited for */

struct asker {
	CURL *curl;
	const struct config *config;
	struct curl_slist *connect_to; /* owned: --resolve in curl's words */
};

/* What the callbacks of one exchange write to. */
struct taking {
	struct answer *answer;
	bool enough;
};

/* "HOST[:PORT]=ADDR[:PORT]" is "HOST:PORT:ADDR:PORT" for CURLOPT_CONNECT_TO; empty parts mean "as they are". */
static bool add_resolve(struct asker *a, const char *rule)
{
	const char *equals = strchr(rule, '=');
	const char *from_port = memchr(rule, ':', (size_t)(equals - rule));
	const char *to = equals + 1;
	const char *to_port = *to == '[' ? strstr(to, "]:") : strrchr(to, ':');
	struct curl_slist *longer;
	char text[600];

	if (to_port && *to == '[')
		to_port++;
	else if (to_port && strchr(to, ':') != to_port)
		to_port = NULL; /* an IPv6 address without brackets */
	snprintf(text, sizeof(text), "%.*s:%.*s:%.*s:%s", (int)((from_port ? from_port : equals) - rule), rule,
		 from_port ? (int)(equals - from_port - 1) : 0, from_port ? from_port + 1 : "",
		 (int)(to_port ? to_port - to : (ptrdiff_t)strlen(to)), to, to_port ? to_port + 1 : "");
	longer = curl_slist_append(a->connect_to, text);
	if (longer)
		a->connect_to = longer;
	return longer != NULL;
}

struct asker *asker_new(const struct config *config, char *error, size_t error_size)
{
	struct asker *a = calloc(1, sizeof(*a));

	snprintf(error, error_size, "out of memory");
	if (!a)
		return NULL;
	a->config = config;
	a->curl = curl_easy_init();
	for (size_t i = 0; a->curl && i < config->resolve.count; i++) {
		if (!add_resolve(a, config->resolve.items[i])) {
			asker_free(a);
			return NULL;
		}
	}
	if (!a->curl) {
		free(a);
		return NULL;
	}
	/* Once: the handle is never reset, since some versions of libcurl leak this list then. */
	curl_easy_setopt(a->curl, CURLOPT_COOKIEFILE, "");
	return a;
}

void asker_free(struct asker *a)
{
	if (!a)
		return;
	curl_easy_cleanup(a->curl);
	curl_slist_free_all(a->connect_to);
	free(a);
}

/* The certificates of --upstream-ca, beside the system's. */
static CURLcode trust(CURL *curl, void *ssl_ctx, void *arg)
{
	const struct config *config = arg;
	X509_STORE *store = SSL_CTX_get_cert_store(ssl_ctx);

	(void)curl;
	for (size_t i = 0; i < config->upstream_ca.count; i++) {
		if (!X509_STORE_load_file(store, config->upstream_ca.items[i]))
			return CURLE_SSL_CACERT_BADFILE;
	}
	return CURLE_OK;
}

static size_t take_head(char *data, size_t size, size_t count, void *arg)
{
	struct taking *t = arg;
	struct bytes line = bytes_of(data, size * count);

	/* Each head begins with a status line: the last one is the final response's. Trailers come behind its end. */
	if (bytes_equal(bytes_slice(line, 0, 5), BYTES("HTTP/")))
		text_buf_cut(&t->answer->received, 0);
	if (t->answer->content_length == 0)
		text_buf_add(&t->answer->received, line);
	return line.len;
}

static size_t take_content(char *data, size_t size, size_t count, void *arg)
{
	struct taking *t = arg;

	(void)data;
	t->answer->content_length += size * count;
	t->enough = t->answer->content_length > CONTENT_MAX;
	return t->enough ? 0 : size * count;
}

static int take_sent(CURL *curl, curl_infotype kind, char *data, size_t size, void *arg)
{
	struct taking *t = arg;

	(void)curl;
	if (kind == CURLINFO_HEADER_OUT)
		text_buf_add(&t->answer->sent, bytes_of(data, size));
	return 0;
}

static struct curl_slist *field_lines(const struct string_list *fields)
{
	struct curl_slist *lines = curl_slist_append(NULL, "Expect:");

	for (size_t i = 0; fields && i < fields->count; i++) {
		struct curl_slist *longer = curl_slist_append(lines, fields->items[i]);

		if (longer)
			lines = longer;
	}
	return lines;
}

static void set_request(struct asker *a, const struct ask *ask, struct curl_slist *lines)
{
	curl_easy_setopt(a->curl, CURLOPT_URL, ask->url);
	curl_easy_setopt(a->curl, CURLOPT_PATH_AS_IS, 1L);
	curl_easy_setopt(a->curl, CURLOPT_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(a->curl, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
	curl_easy_setopt(a->curl, CURLOPT_USERAGENT, "hopaudit/" HOPAUDIT_VERSION);
	curl_easy_setopt(a->curl, CURLOPT_HTTPHEADER, lines);
	if (a->connect_to)
		curl_easy_setopt(a->curl, CURLOPT_CONNECT_TO, a->connect_to);
	curl_easy_setopt(a->curl, CURLOPT_HTTPGET, 1L); /* what the request before had set is over */
	if (ask->has_content) {
		curl_easy_setopt(a->curl, CURLOPT_POSTFIELDS, ask->content.ptr ? ask->content.ptr : "");
		curl_easy_setopt(a->curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)ask->content.len);
	} else if (strcmp(ask->method, "HEAD") == 0) {
		curl_easy_setopt(a->curl, CURLOPT_NOBODY, 1L);
	}
	curl_easy_setopt(a->curl, CURLOPT_CUSTOMREQUEST, ask->method);
}

static void set_trust(struct asker *a, const struct ask *ask)
{
	struct uri url;
	bool insecure = uri_parse_http(bytes_str(ask->url), &url) == URI_OK &&
			host_pattern_matches(&a->config->insecure_upstream, url.host);

	curl_easy_setopt(a->curl, CURLOPT_SSL_CTX_FUNCTION, trust);
	curl_easy_setopt(a->curl, CURLOPT_SSL_CTX_DATA, a->config);
	curl_easy_setopt(a->curl, CURLOPT_SSL_VERIFYPEER, insecure ? 0L : 1L);
	curl_easy_setopt(a->curl, CURLOPT_SSL_VERIFYHOST, insecure ? 0L : 2L);
}

static void set_taking(struct asker *a, struct taking *t)
{
	const struct timeouts *limits = &a->config->timeouts;

	curl_easy_setopt(a->curl, CURLOPT_HEADERFUNCTION, take_head);
	curl_easy_setopt(a->curl, CURLOPT_HEADERDATA, t);
	curl_easy_setopt(a->curl, CURLOPT_WRITEFUNCTION, take_content);
	curl_easy_setopt(a->curl, CURLOPT_WRITEDATA, t);
	curl_easy_setopt(a->curl, CURLOPT_VERBOSE, 1L);
	curl_easy_setopt(a->curl, CURLOPT_DEBUGFUNCTION, take_sent);
	curl_easy_setopt(a->curl, CURLOPT_DEBUGDATA, t);
	curl_easy_setopt(a->curl, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(a->curl, CURLOPT_CONNECTTIMEOUT_MS, (long)limits->connect_ms);
	curl_easy_setopt(a->curl, CURLOPT_TIMEOUT_MS, (long)(limits->connect_ms + limits->response_head_ms));
}

/* The length of a step that ends at `end`, when the one before ended at `begin`. */
static int64_t step(curl_off_t begin, curl_off_t end)
{
	return end > 0 ? (int64_t)(end - begin) : -1;
}

static void take_times(struct asker *a, struct answer *out)
{
	curl_off_t dns = 0, connect = 0, tls = 0, first = 0, total = 0;
	const char *address = NULL;

	curl_easy_getinfo(a->curl, CURLINFO_NAMELOOKUP_TIME_T, &dns);
	curl_easy_getinfo(a->curl, CURLINFO_CONNECT_TIME_T, &connect);
	curl_easy_getinfo(a->curl, CURLINFO_APPCONNECT_TIME_T, &tls);
	curl_easy_getinfo(a->curl, CURLINFO_STARTTRANSFER_TIME_T, &first);
	curl_easy_getinfo(a->curl, CURLINFO_TOTAL_TIME_T, &total);
	curl_easy_getinfo(a->curl, CURLINFO_PRIMARY_IP, &address);
	out->dns_us = step(0, dns);
	out->connect_us = step(dns, connect);
	out->tls_us = step(connect, tls);
	out->first_byte_us = first;
	out->total_us = total;
	snprintf(out->address, sizeof(out->address), "%s", address ? address : "");
}

/* Which limit a head broke, or what two parsers could read in two ways. */
static void parse(struct asker *a, struct answer *out)
{
	const struct limits *l = &a->config->limits;
	const struct http_limits limits = {.target_max = l->target_max,
					   .field_max = l->field_max,
					   .head_max = l->head_max,
					   .fields_max = (uint16_t)l->fields_max};
	size_t line = bytes_find(text_buf_view(&out->sent), ' ');
	enum http_error wrong;

	out->fields = calloc(l->fields_max, sizeof(*out->fields));
	if (!out->fields || out->received.failed) {
		snprintf(out->problem, sizeof(out->problem), "out of memory");
		return;
	}
	out->head = (struct http_head){.fields = out->fields, .fields_max = (uint16_t)l->fields_max};
	wrong = http_parse_response(text_buf_view(&out->received), &limits,
				    bytes_slice(text_buf_view(&out->sent), 0, line), &out->head);
	if (wrong == HTTP_OK)
		return;
	snprintf(out->problem, sizeof(out->problem), "the answer's head is not valid: %s", http_error_text(wrong));
	out->head.status = 0;
}

void asker_ask(struct asker *a, const struct ask *ask, struct answer *out)
{
	struct taking t = {.answer = out};
	struct curl_slist *lines = field_lines(ask->fields);
	char reason[CURL_ERROR_SIZE] = "";
	CURLcode done;

	set_request(a, ask, lines);
	set_trust(a, ask);
	set_taking(a, &t);
	curl_easy_setopt(a->curl, CURLOPT_ERRORBUFFER, reason);
	done = curl_easy_perform(a->curl);
	curl_slist_free_all(lines);
	take_times(a, out);
	if (out->received.len > 0 && (done == CURLE_OK || done == CURLE_PARTIAL_FILE || t.enough))
		parse(a, out);
	if (done != CURLE_OK && !t.enough && out->problem[0] == '\0')
		snprintf(out->problem, sizeof(out->problem), "%s", reason[0] ? reason : curl_easy_strerror(done));
}

void answer_free(struct answer *a)
{
	text_buf_free(&a->sent);
	text_buf_free(&a->received);
	free(a->fields);
	*a = (struct answer){0};
}
