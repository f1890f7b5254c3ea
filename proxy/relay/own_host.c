/* SPDX-License-Identifier: MIT */
#include "proxy/relay/own_host.h"

#include <stdio.h>

#include "parser/form.h"
#include "parser/utf8.h"
#include "proxy/relay/client.h"
#include "proxy/relay/reply.h"

#define NAME_TOO_LONG "the name is longer than 200 bytes"
_Static_assert(MARK_NAME_MAX == 200, "NAME_TOO_LONG says so");

static const char own_host[] = "hopaudit.invalid"; /* a name that no resolver knows (RFC 6761 §6.4) */

static const char front_page[] =
    "This is hopaudit " HOPAUDIT_VERSION ", a forward proxy that audits HTTP redirects; it answers this name itself.\n"
    "http://hopaudit.invalid/ca.pem is the certificate by which it opens TLS. Whoever trusts it can be audited.\n"
    "POST http://hopaudit.invalid/mark?name=TEST: what your proxy user name begins from then on belongs to TEST.\n"
    "http://lab.hopaudit.invalid/ is the redirect lab: it redirects in every way, right and wrong.\n";

bool own_host_is(const struct uri *url)
{
	return bytes_equal_nocase(url->host, bytes_str(own_host));
}

static const char *decode(struct bytes value, char out[MARK_NAME_MAX], size_t *len)
{
	switch (form_decode(value, out, MARK_NAME_MAX, len)) {
	case FORM_MALFORMED:
		return "the name has a % without two hexadecimal digits";
	case FORM_TOO_LONG:
		return NAME_TOO_LONG;
	case FORM_DECODED:
	default:
		return NULL;
	}
}

static const char *judge(struct bytes name)
{
	for (size_t i = 0; i < name.len;) {
		uint32_t cp;

		i += utf8_read(name, i, &cp);
		if (cp == UTF8_MALFORMED)
			return "the name is not UTF-8";
		if (cp < 0x20 || (cp >= 0x7f && cp < 0xa0))
			return "the name has a control character";
	}
	return NULL;
}

const char *own_host_mark_name(struct bytes query, char out[MARK_NAME_MAX], size_t *len)
{
	struct bytes name, value;
	bool found = false;
	const char *wrong;

	while (form_next(&query, &name, &value)) {
		if (!bytes_equal(name, BYTES("name")))
			return "there is no parameter but name";
		if (found)
			return "the name is given twice";
		wrong = decode(value, out, len);
		if (!wrong)
			wrong = judge(bytes_of(out, *len));
		if (wrong)
			return wrong;
		found = true;
	}
	return found ? NULL : "which test? /mark?name=TEST (an empty name: none)";
}

static void say(struct client *c, const struct http_head *head, int status, const char *fields, const char *text)
{
	char page[256];
	int len = snprintf(page, sizeof(page), "hopaudit: %s\n", text);

	reply_final(c, status, fields, bytes_of(page, (size_t)len), head->keep_alive && !head_has_content(head));
}

/* Setting a mark changes something, so that only POST does it. */
static void answer_mark(struct client *c, const struct http_head *head, struct bytes query)
{
	struct worker *w = c->worker;
	char name[MARK_NAME_MAX];
	const char *wrong;
	size_t len;

	if (!bytes_equal(head_method(head), BYTES("POST"))) {
		reply_final(c, 405, "Allow: POST\r\n", (struct bytes){0}, head->keep_alive && !head_has_content(head));
		return;
	}
	wrong = own_host_mark_name(query, name, &len);
	if (wrong)
		say(c, head, 400, "Content-Type: text/plain\r\n", wrong);
	else if (!audit_mark(w->audit, c->audit.tag, bytes_of(name, len), w->now_us))
		say(c, head, 500, "Content-Type: text/plain\r\n", "out of memory");
	else
		say(c, head, 200, "Content-Type: text/plain\r\n", "marked");
}

void own_host_answer(struct client *c, const struct http_head *head, const struct uri *url)
{
	const struct authority *authority = c->worker->server->tls.authority;
	struct bytes path = url->path;

	if (bytes_equal(path, BYTES("/mark")))
		answer_mark(c, head, url->query);
	else if (bytes_equal(path, BYTES("/ca.pem")) && authority)
		reply_page(c, head, 200, "application/x-pem-file", bytes_str(authority_pem(authority)));
	else if (bytes_equal(path, BYTES("/ca.pem")))
		reply_page(c, head, 404, "text/plain", BYTES("hopaudit: TLS is not opened (--no-intercept).\n"));
	else if (path.len == 0 || bytes_equal(path, BYTES("/")))
		reply_page(c, head, 200, "text/plain", bytes_str(front_page));
	else
		reply_page(c, head, 404, "text/plain", BYTES("hopaudit: there is /, /ca.pem and /mark here.\n"));
}
