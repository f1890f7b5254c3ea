/* SPDX-License-Identifier: MIT
 *
 * Group F of RULES.md §2, the second half: where a Location leads, and what is there. */
#include "audit/chain_memory.h"
#include "audit/host.h"
#include "audit/rules/check.h"
#include "audit/rules/text.h"
#include "audit/site.h"

/* Is the target an answer to a native application, or to a developer's machine, that the request has asked for (RFC
 * 8252 §7.3): named in its query, or with the parameters of an authorization response? */
static bool was_asked_for(const struct rule_input *in)
{
	static const char *const parameters[] = {"code", "state", "error", "id_token", "SAMLResponse"};
	struct bytes query = in->target_url.query;
	if (text_holds_decoded(in->request_url.query, in->target_url.authority))
		return true;
	if (host_place(in->target_url.host) != HOST_LOOPBACK)
		return false;
	for (size_t i = 0; i < sizeof(parameters) / sizeof(parameters[0]); i++) {
		if (text_has_parameter(query, parameters[i]))
			return true;
	}
	return false;
}

static const char *place_text(enum host_place place)
{
	switch (place) {
	case HOST_INTERNAL:
		return "a name that only a private network knows";
	case HOST_PRIVATE:
		return "an address of a private network";
	case HOST_LINK_LOCAL:
		return "a link-local address";
	case HOST_LOOPBACK:
		return "the client's own machine";
	case HOST_PUBLIC:
	case HOST_RESERVED:
		break;
	}
	return NULL;
}

/* The port that a server listens at behind the one that was asked. */
static bool leaks_port(const struct rule_input *in)
{
	const struct uri *r = &in->request_url;
	const struct uri *t = &in->target_url;
	return bytes_equal_nocase(r->scheme, t->scheme) && bytes_equal_nocase(r->host, t->host) &&
	       uri_port(r) == scheme_default_port(r->scheme) && uri_port(t) != uri_port(r);
}

bool check_location_internal_host(const struct rule_input *in, struct rule_output *out)
{
	if (!in->expects || in->request_url.host.len == 0 || host_place(in->request_url.host) != HOST_PUBLIC)
		return false;
	const char *where = place_text(host_place(in->target_url.host));
	bool port = !where && leaks_port(in);
	if ((!where && !port) || was_asked_for(in))
		return false;
	if (port) {
		out->severity = SEVERITY_WARNING;
		out->advisory = true; /* it may be another service on purpose */
	}
	word(&out->message, "a public host redirects to ");
	word(&out->message, where ? where : "another port of itself, perhaps that of a server behind it");
	word(&out->expected, "a target that its clients can reach");
	word_origin(&out->seen, &in->target_url);
	return true;
}

/* Names are left to the rule above: where they lead is not known. */
bool check_private_address(const struct rule_input *in, struct rule_output *out)
{
	enum host_place from = host_place(in->request_url.host);
	enum host_place to = host_place(in->follow_url.host);
	bool inside = to == HOST_PRIVATE || to == HOST_LOOPBACK;
	bool metadata = to == HOST_LINK_LOCAL && from != HOST_LINK_LOCAL;
	if (!metadata && (!inside || from != HOST_PUBLIC || was_asked_for(in)))
		return false;
	word(&out->message, "the client let a redirect lead it to ");
	word(&out->message, place_text(to));
	word(&out->expected, "no request there");
	word_origin(&out->seen, &in->follow_url);
	return true;
}

bool check_query_dropped(const struct rule_input *in, struct rule_output *out)
{
	const struct uri *r = &in->request_url;
	const struct uri *t = &in->target_url;
	if (!in->expects || r->query.len == 0 || t->query.len > 0 || !text_same_but_form(r, t, false))
		return false;
	word(&out->message, "the redirect changes the form of the URL and drops its query");
	word(&out->expected, "the same query");
	word(&out->seen, "none");
	return true;
}

/* An authorization endpoint or a logout is to lead where its parameters say, by a list of its own. */
static bool has_list_of_its_own(struct bytes query)
{
	return (text_has_parameter(query, "client_id") && text_has_parameter(query, "redirect_uri")) ||
	       text_has_parameter(query, "post_logout_redirect_uri");
}

static bool is_in_cookie(const struct field_list *l, struct bytes authority)
{
	for (const struct field_item *f = field_next(l, "cookie", NULL); f; f = field_next(l, "cookie", f)) {
		if (text_holds_decoded(field_value(l, f), authority))
			return true;
	}
	return false;
}

/* The part of the request that names this authority; NULL where none does. The content may do so as well; it is not
 * looked at, for events do not hold it. */
static const char *named_in(const struct exchange_facts *r, const struct uri *url, struct bytes authority)
{
	if (text_holds_decoded(url->query, authority))
		return "the host stands in the request's query";
	if (text_holds_decoded(url->path, authority))
		return "the host stands in the request's path";
	return is_in_cookie(r->fields, authority) ? "the host stands in a cookie of the request" : NULL;
}

bool check_open_redirect(const struct rule_input *in, struct rule_output *out)
{
	/* Nobody is lured to his own machine: that is a native application's answer. */
	if (!in->expects || site_same(&in->request_url, &in->target_url) ||
	    host_place(in->target_url.host) == HOST_LOOPBACK)
		return false;
	const char *where = named_in(in->request, &in->request_url, in->target_url.authority);
	if (!where)
		return false;
	if (has_list_of_its_own(in->request_url.query))
		out->severity = SEVERITY_INFO;
	word(&out->message, "the redirect leads to another site that the request itself named: can anybody name one?");
	word(&out->expected, "a target of the server's own choice");
	word(&out->seen, where);
	return true;
}

/* The host of "Forwarded: for=1;host=evil.com"; empty where there is none. */
static struct bytes forwarded_host(const struct field_list *l)
{
	struct bytes rest = field_get(l, "forwarded");
	while (rest.len > 0) {
		size_t end = bytes_find(rest, ';');
		size_t comma = bytes_find(rest, ',');
		end = comma < end ? comma : end;
		struct bytes pair = bytes_trim(bytes_slice(rest, 0, end));
		if (bytes_starts_nocase(pair, BYTES("host="))) {
			struct bytes host = bytes_slice(pair, 5, pair.len);
			return host.len >= 2 && host.ptr[0] == '"' ? bytes_slice(host, 1, host.len - 1) : host;
		}
		rest = bytes_slice(rest, end + 1, rest.len);
	}
	return bytes_of(NULL, 0);
}

static struct bytes first_element(struct bytes list)
{
	return bytes_trim(bytes_slice(list, 0, bytes_find(list, ',')));
}

/* "evil.com:80" or "evil.com". */
static bool names_host(struct bytes value, struct bytes host)
{
	struct bytes end = bytes_slice(value, host.len, value.len);
	return host.len > 0 && bytes_starts_nocase(value, host) && (end.len == 0 || end.ptr[0] == ':');
}

/* A Host that differs from the target can't be reflected: the relay writes Host from the target. */
bool check_reflects_host(const struct rule_input *in, struct rule_output *out)
{
	struct bytes host = in->target_url.host;
	struct bytes told = first_element(field_get(in->request->fields, "x-forwarded-host"));
	struct bytes forwarded = forwarded_host(in->request->fields);
	if (!in->expects || bytes_equal_nocase(host, in->request_url.host))
		return false;
	bool old = names_host(told, host);
	if (!old && !names_host(forwarded, host))
		return false;
	word(&out->message, "the redirect leads to the host that the client named in ");
	word(&out->message, old ? "X-Forwarded-Host" : "Forwarded");
	word(&out->message, ": a cache would send others there");
	word(&out->expected, "a host of the server's own choice");
	word(&out->seen, old ? "the value of X-Forwarded-Host" : "the host of Forwarded");
	return true;
}

/* Towards a proxy some clients leave the fragment in the target, which the relay takes off; to an origin it is wrong.
 */
bool check_fragment_sent(const struct rule_input *in, struct rule_output *out)
{
	if (!in->follow_url.fragment.ptr)
		return false;
	if (in->follow->path == AUDIT_PATH_PROXY)
		out->severity = SEVERITY_INFO;
	word(&out->message, "the fragment was sent in the request's target");
	word(&out->expected, "a target without #");
	word(&out->seen, "a #");
	return true;
}

static bool is_permanent(unsigned status)
{
	return status == 301 || status == 308;
}

/* An answer that we made ourselves says something of the network, and 401, 403 and 429 something of the client. */
bool check_target_error(const struct rule_input *in, struct rule_output *out)
{
	const struct exchange_facts *last = in->finished->last;
	unsigned status = in->finished->final_status;
	bool gone = status == 404 || status == 410;
	if (in->finished->outcome != CHAIN_COMPLETED || !last || last->by_proxy || (!gone && status < 500))
		return false;
	bool permanent = in->chain && is_permanent(in->chain->last_status);
	if (permanent && status != 410)
		out->severity = SEVERITY_ERROR;
	word(&out->message, permanent ? "a permanent redirect leads to " : "the redirect leads to ");
	word_number(&out->message, status);
	word(&out->expected, "an answer of the target");
	word_number(&out->seen, status);
	return true;
}

bool check_location_elsewhere(const struct rule_input *in, struct rule_output *out)
{
	const struct exchange_facts *last = in->finished->last;
	unsigned status = in->finished->final_status;
	if (!last || !last->has_location || last->by_proxy || status < 200 || status == 201 || status == 202 ||
	    status / 100 == 3)
		return false;
	word_number(&out->message, status);
	word(&out->message, " has a Location field, which asks for nothing there");
	word(&out->expected, "Location with 201, 202 or a redirect");
	word(&out->seen, "Location with ");
	word_number(&out->seen, status);
	return true;
}
