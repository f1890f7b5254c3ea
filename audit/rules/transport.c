/* SPDX-License-Identifier: MIT
 *
 * Group E of RULES.md §2: between http and https. Secrets are compared with what the chain remembers, and never told.
 */
#include "audit/chain_memory.h"
#include "audit/host.h"
#include "audit/rules/check.h"

static bool is_http(const struct uri *u)
{
	return scheme_is(u, BYTES("http"));
}

static bool is_https(const struct uri *u)
{
	return scheme_is(u, BYTES("https"));
}

/* A redirect to the client's own machine crosses no network: native applications get their answers so (RFC 8252
 * §7.3). Where both ends are there, somebody tests a server, and wants to know. */
static bool goes_home(const struct rule_input *in)
{
	return host_place(in->target_url.host) == HOST_LOOPBACK && host_place(in->request_url.host) != HOST_LOOPBACK;
}

static bool is_downgrade(const struct rule_input *in)
{
	return in->expects && is_https(&in->request_url) && is_http(&in->target_url) && !goes_home(in);
}

static bool is_upgrade(const struct rule_input *in)
{
	return in->expects && is_http(&in->request_url) && is_https(&in->target_url);
}

/* Is it long enough for a secret, under a name that secrets have? */
static bool is_secret(const struct field_item *f)
{
	return (f->notes & (FIELD_NOTE_SHORT | FIELD_NOTE_CREDENTIAL)) == FIELD_NOTE_CREDENTIAL;
}

static bool is_cookie(const struct field_list *l, const struct field_item *f)
{
	return bytes_equal(field_name(l, f), BYTES("cookie"));
}

/* The first secret among the fields, one that is no cookie if there is one; NULL where there is none. */
static const struct field_item *find_secret(const struct field_list *l)
{
	const struct field_item *found = NULL;
	for (const struct field_item *f = l ? l->items : NULL; l && f < l->items + l->count; f++) {
		if (!is_secret(f) || (found && is_cookie(l, f)))
			continue;
		found = f;
		if (!is_cookie(l, f))
			break;
	}
	return found;
}

bool check_https_to_http(const struct rule_input *in, struct rule_output *out)
{
	const struct exchange_facts *r = in->request;
	if (!is_downgrade(in))
		return false;
	bool secret = find_secret(r->fields) != NULL;
	bool is_unsafe = !method_is_safe(r->method);
	if (secret || is_unsafe)
		out->severity = SEVERITY_ERROR;
	word_bytes(&out->message, r->method);
	word(&out->message, " over https was redirected to http");
	word(&out->message, secret      ? ", with a secret in its fields"
			    : is_unsafe ? ", though its method is unsafe"
					: ": what follows can be read and changed on its way");
	word(&out->expected, "an https target");
	word_origin(&out->seen, &in->target_url);
	return true;
}

bool check_downgrade_followed(const struct rule_input *in, struct rule_output *out)
{
	if (!is_downgrade(in) || !is_http(&in->follow_url))
		return false;
	word(&out->message, "the client left https for http when it followed");
	word(&out->expected, "no request in clear");
	word_bytes(&out->seen, in->follow->method);
	word(&out->seen, " over http");
	return true;
}

/* Was this secret known by a request over https first, and is this the hop where it leaves it? */
static bool is_exposed(const struct rule_input *in, const struct field_list *l, const struct field_item *f)
{
	const struct carried *c =
	    is_secret(f) ? chain_memory_home(in->chain, field_name(l, f), field_value(l, f)) : NULL;
	return c && bytes_starts_nocase(carried_home(c), BYTES("https://"));
}

/* A cookie without Secure goes to http by its server's will, which is not seen here: nobody is blamed for that one. */
bool check_secret_over_http(const struct rule_input *in, struct rule_output *out)
{
	const struct field_list *l = in->follow->fields;
	const struct field_item *found = NULL;
	if (!is_downgrade(in) || !is_http(&in->follow_url) || !in->chain)
		return false;
	for (const struct field_item *f = l ? l->items : NULL; l && f < l->items + l->count; f++) {
		if (is_exposed(in, l, f) && (!found || is_cookie(l, found)))
			found = f;
	}
	if (!found)
		return false;
	if (is_cookie(l, found))
		out->fault = FAULT_UNKNOWN;
	word_bytes(&out->message, field_name(l, found));
	word(&out->message, " was sent over https, and then the same in clear over http");
	word(&out->expected, "no secret over http");
	word_bytes(&out->seen, field_name(l, found));
	return true;
}

/* Old cookies on the first visit by http are every browser's; a key or a form is sent so by mistake. */
bool check_upgrade_exposed(const struct rule_input *in, struct rule_output *out)
{
	const struct exchange_facts *r = in->request;
	const struct field_item *secret = find_secret(r->fields);
	bool content = r->request.length > 0 && !method_is_safe(r->method);
	if (!is_upgrade(in) || (!secret && !content) || !host_equal_but_www(in->request_url.host, in->target_url.host))
		return false;
	out->advisory |= !content && is_cookie(r->fields, secret);
	if (content)
		word(&out->message, "the content");
	else
		word_bytes(&out->message, field_name(r->fields, secret));
	word(&out->message, " had crossed the network in clear before the server redirected to https");
	word(&out->expected, "https from the start");
	word_bytes(&out->seen, r->method);
	word(&out->seen, " over http");
	return true;
}

static bool is_temporary(unsigned status)
{
	return status == 302 || status == 303 || status == 307;
}

bool check_upgrade_not_permanent(const struct rule_input *in, struct rule_output *out)
{
	const struct uri *r = &in->request_url;
	const struct uri *t = &in->target_url;
	bool reads = bytes_equal(in->request->method, BYTES("GET")) || bytes_equal(in->request->method, BYTES("HEAD"));
	if (!is_upgrade(in) || !reads || !is_temporary(in->request->status) || !bytes_equal_nocase(r->host, t->host) ||
	    !bytes_equal(r->path.len ? r->path : BYTES("/"), t->path.len ? t->path : BYTES("/")))
		return false;
	word(&out->message, "http leads to https of the same host for the moment only");
	word(&out->expected, "301 or 308");
	word_number(&out->seen, in->request->status);
	return true;
}

/* A port whose number ends in 443 speaks TLS by custom, and may answer plain http with such a redirect. */
bool check_upgrade_port_mismatch(const struct rule_input *in, struct rule_output *out)
{
	uint16_t port = uri_port(&in->target_url);
	bool kept = port == uri_port(&in->request_url) &&
		    bytes_equal_nocase(in->request_url.host, in->target_url.host) && port % 1000 != 443;
	if (!is_upgrade(in) || (port != 80 && !kept))
		return false;
	word(&out->message, "https is expected at port ");
	word_number(&out->message, port);
	word(&out->message, port == 80 ? ", which is that of http" : ", where http was answered");
	word(&out->expected, "the port of https");
	word_origin(&out->seen, &in->target_url);
	return true;
}

bool check_hsts_over_http(const struct rule_input *in, struct rule_output *out)
{
	if (!is_http(&in->request_url) || !field_has(in->request->response_fields, "strict-transport-security"))
		return false;
	word(&out->message, "Strict-Transport-Security over http is ignored by every client");
	word(&out->expected, "the field over https alone");
	word(&out->seen, "over http");
	return true;
}

bool check_hsts_internal_on_wire(const struct rule_input *in, struct rule_output *out)
{
	struct bytes reason = field_get(in->request->response_fields, "non-authoritative-reason");
	if (in->request->status != 307 || !bytes_equal_nocase(reason, BYTES("HSTS")))
		return false;
	word(&out->message, "a server sent the redirect that browsers make for themselves under HSTS");
	word(&out->expected, "no such field from a server");
	word(&out->seen, "Non-Authoritative-Reason: HSTS");
	return true;
}
