/* SPDX-License-Identifier: MIT
 *
 * Group F of RULES.md §2, the first half: how the value of Location is written. Asked when the 3xx head is seen; needs
 * no follow-up. Where the target lies is for target.c. */
#include "audit/rules/check.h"
#include "audit/rules/text.h"

static bool is_due(int status)
{
	return status == 300 || status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

bool check_location_missing(const struct rule_input *in, struct rule_output *out)
{
	int status = in->request->status;
	if (!is_due(status) || in->request->has_location)
		return false;
	if (status == 300)
		out->severity = SEVERITY_INFO; /* it may list its choices in the content instead */
	word_number(&out->message, (uint64_t)status);
	word(&out->message, " without a Location field: there is nothing to follow");
	word(&out->expected, "a Location field");
	word(&out->seen, "none");
	return true;
}

bool check_location_empty(const struct rule_input *in, struct rule_output *out)
{
	if (!is_due(in->request->status) || !in->request->has_location || in->request->location.len > 0)
		return false;
	word(&out->message, "an empty Location means the URL that was asked: some clients loop, others stop");
	word(&out->expected, "a URL");
	word(&out->seen, "nothing");
	return true;
}

bool check_location_multiple(const struct rule_input *in, struct rule_output *out)
{
	const struct field_list *l = in->request->response_fields;
	const struct field_item *first = field_next(l, "location", NULL);
	bool differ = false;
	if (in->request->location_count < 2)
		return false;
	for (const struct field_item *f = first; f; f = field_next(l, "location", f))
		differ |= !bytes_equal(field_value(l, f), field_value(l, first));
	out->severity = differ ? SEVERITY_ERROR : SEVERITY_WARNING;
	word_number(&out->message, in->request->location_count);
	word(&out->message,
	     differ ? " Location fields that differ: some clients take the first, others join or refuse them"
		    : " equal Location fields: some clients join or refuse them");
	word(&out->expected, "one Location field");
	word_number(&out->seen, in->request->location_count);
	return true;
}

/* The value as a URI-reference; false where it is none. */
static bool parsed(struct bytes location, struct uri *u)
{
	return uri_parse(location, u) == URI_OK;
}

static bool has_scheme_of_http(const struct uri *u)
{
	return scheme_is(u, BYTES("http")) || scheme_is(u, BYTES("https"));
}

static bool has_control(struct bytes b)
{
	for (size_t i = 0; i < b.len; i++) {
		if ((unsigned char)b.ptr[i] < ' ' || b.ptr[i] == 0x7f)
			return true;
	}
	return false;
}

/* A TAB is no line break, so that a response with one is passed on. */
static bool has_only_tabs(struct bytes b)
{
	for (size_t i = 0; i < b.len; i++) {
		if (((unsigned char)b.ptr[i] < ' ' && b.ptr[i] != '\t') || b.ptr[i] == 0x7f)
			return false;
	}
	return true;
}

/* Why the value is no usable reference; NULL where it is one, or has another scheme, or is another rule's. */
static const char *why_invalid(const struct rule_input *in)
{
	struct bytes location = in->request->location;
	struct uri u;
	if (location.len == 0 || in->target.len > 0 || has_control(location))
		return NULL;
	enum uri_error e = uri_parse(location, &u);
	if (e == URI_OK && has_scheme_of_http(&u))
		e = uri_parse_http(location, &u);
	return e == URI_OK ? NULL : uri_error_text(e);
}

bool check_location_invalid(const struct rule_input *in, struct rule_output *out)
{
	const char *why = why_invalid(in);
	if (!why)
		return false;
	word(&out->message, "Location can't be followed: ");
	word(&out->message, why);
	word(&out->expected, "a URI reference");
	word(&out->seen, why);
	return true;
}

/* What is wrong with the byte at `at`; NULL where it may stand there. Brackets stand raw in most queries of the world
 * and every client sends them so. */
static const char *why_not_uri(struct bytes l, size_t at, size_t query)
{
	unsigned char c = (unsigned char)l.ptr[at];
	if (c == ' ')
		return "a space";
	if (c >= 0x80)
		return "a byte that is not ASCII";
	if (c == '%' && (at + 2 >= l.len || hex_value((unsigned char)l.ptr[at + 1]) < 0 ||
			 hex_value((unsigned char)l.ptr[at + 2]) < 0))
		return "a % without two hexadecimal digits";
	if (c != 0 && strchr("\"<>\\^{|}`", c))
		return "a character that no URI holds";
	return (c == '[' || c == ']') && at < query ? "a bracket outside of an address" : NULL;
}

/* Where brackets may stand: behind the authority's end, up to the query or fragment, they may not. */
static size_t path_start(struct bytes location)
{
	struct uri u;
	return parsed(location, &u) && u.path.ptr && u.path.len > 0 ? (size_t)(u.path.ptr - location.ptr) : 0;
}

static size_t find_query(struct bytes b)
{
	size_t query = bytes_find(b, '?');
	size_t fragment = bytes_find(b, '#');
	return query < fragment ? query : fragment;
}

bool check_location_not_uri(const struct rule_input *in, struct rule_output *out)
{
	struct bytes l = in->request->location;
	size_t path = path_start(l);
	size_t query = find_query(l);
	const char *why = NULL;
	for (size_t i = 0; !why && i < l.len; i++)
		why = why_not_uri(l, i, i < path ? 0 : query);
	if (!why)
		return false;
	word(&out->message, "Location holds ");
	word(&out->message, why);
	word(&out->message, ", and clients make different targets of it");
	word(&out->expected, "percent-encoding");
	word(&out->seen, why);
	return true;
}

bool check_location_backslash(const struct rule_input *in, struct rule_output *out)
{
	struct bytes l = in->request->location;
	size_t at = bytes_find(l, '\\');
	bool in_front = at < 3 && at < l.len;
	if (at == l.len || at > find_query(l))
		return false;
	word(&out->message, "browsers read the \\ in Location as /, others escape it");
	if (in_front)
		word(&out->message, ": they may go to different hosts");
	word(&out->expected, "/ or %5C");
	word(&out->seen, "\\");
	return true;
}

bool check_location_control_chars(const struct rule_input *in, struct rule_output *out)
{
	struct bytes l = in->request->location;
	struct bytes name = bytes_of(NULL, 0);
	bool raw = has_control(l);
	bool injected = !raw && text_injected_field(in->request, &name);
	bool echoed = !raw && !injected && text_has_encoded_newline(l) && text_has_encoded_newline(in->request->url);
	if (!raw && !injected && !echoed)
		return false;
	if (echoed) {
		/* Encoded as it should be: whoever decodes it again splits his own response. */
		out->severity = SEVERITY_WARNING;
		out->advisory = true;
		word(&out->message, "an encoded line break of the request came back in Location");
	} else if (injected) {
		word(&out->message,
		     "the request's URL has a line break and a field behind it, and the response has that "
		     "field: ");
		word_bytes(&out->message, name);
	} else {
		word(&out->message, "a control byte in Location");
		if (!has_only_tabs(l))
			word(&out->message, "; the response was refused, and the client was not given it");
	}
	word(&out->expected, "no control bytes");
	word(&out->seen, raw ? "a raw one" : injected ? "a field out of the request's URL" : "%0A or %0D");
	return true;
}

/* Does the first segment look like a host: "www.x.com/a", the host that was asked, or a name under a large domain? */
static bool looks_like_host(struct bytes path, const struct uri *asked)
{
	static const char *const domains[] = {".com", ".org", ".net", ".edu", ".gov", ".co.uk", ".de"};
	size_t slash = bytes_find(path, '/');
	struct bytes first = bytes_slice(path, 0, slash);
	if (bytes_starts_nocase(first, BYTES("www.")) || bytes_equal_nocase(first, asked->host))
		return bytes_find(first, '.') < first.len;
	for (size_t i = 0; i < sizeof(domains) / sizeof(domains[0]); i++) {
		size_t len = strlen(domains[i]);
		if (first.len > len &&
		    bytes_equal_nocase(bytes_slice(first, first.len - len, first.len), bytes_str(domains[i])))
			return true;
	}
	return false;
}

static const char *why_risky(const struct rule_input *in, const struct uri *u, bool *wrong)
{
	struct bytes path = in->request_url.path;
	if (u->authority.ptr)
		return scheme_is(&in->request_url, BYTES("http")) ? "it has no scheme, so that http stays http" : NULL;
	if (u->path.len == 0)
		return u->query.ptr ? "it is a query alone: some clients drop the last segment of the path" : NULL;
	if (u->path.ptr[0] == '/')
		return NULL;
	*wrong = looks_like_host(u->path, &in->request_url);
	if (*wrong)
		return "it begins with a host and is read as a path: \"//\" or a scheme is missing";
	return path.len > 0 && path.ptr[path.len - 1] != '/'
		   ? "it replaces the last segment of the path, where a directory may have been meant"
		   : NULL;
}

/* A relative Location is right by the standard: unless it names a host, this is a hint. */
bool check_location_relative_risky(const struct rule_input *in, struct rule_output *out)
{
	struct uri u;
	bool wrong = false;
	if (in->request->location.len == 0 || !parsed(in->request->location, &u) || u.scheme.ptr)
		return false;
	const char *why = why_risky(in, &u, &wrong);
	if (!why)
		return false;
	out->advisory |= !wrong;
	word(&out->message, "a relative Location that is easily misread: ");
	word(&out->message, why);
	word(&out->expected, "an absolute URL, or a path from the root");
	word(&out->seen, wrong ? "a path that begins with a host" : "a relative reference");
	return true;
}

static bool is_misspelt_scheme(struct bytes location)
{
	static const char *const misspelt[] = {
	    "http//", "https//", "htp:",    "htps:",  "htttp:",  "htttps:", "ttp:",
	    "ttps:",  "hhttp:",  "hhttps:", "httpd:", "httpss:", "http;//", "https;//"};
	for (size_t i = 0; i < sizeof(misspelt) / sizeof(misspelt[0]); i++) {
		if (bytes_starts_nocase(location, bytes_str(misspelt[i])))
			return true;
	}
	return false;
}

static bool is_quoted(struct bytes l)
{
	if (l.len < 2)
		return false;
	char a = l.ptr[0];
	char b = l.ptr[l.len - 1];
	return (a == '"' && b == '"') || (a == '\'' && b == '\'') || (a == '<' && b == '>') ||
	       bytes_starts_nocase(l, BYTES("%22"));
}

/* Is the URL there twice: as host ("http://http://a/"), or the asked path behind itself ("/a/b/a/b")? */
static bool is_doubled(const struct rule_input *in, const struct uri *u)
{
	struct bytes asked = in->request_url.path;
	struct bytes host = in->target_url.host;
	struct bytes path = in->target_url.path;
	size_t half = path.len / 2;
	if (bytes_equal_nocase(u->host, BYTES("http")) || bytes_equal_nocase(u->host, BYTES("https")))
		return true;
	if (bytes_find(host, '.') < host.len && text_has_segment(path, host) && !text_has_segment(asked, host))
		return true;
	return asked.len > 3 && bytes_find(bytes_slice(asked, 1, asked.len - 1), '/') < asked.len - 2 &&
	       path.len == 2 * asked.len && bytes_equal(bytes_slice(path, 0, half), asked) &&
	       bytes_equal(bytes_slice(path, half, path.len), asked);
}

/* "%2520" where the request had "%20", or nothing at all. */
static bool is_encoded_twice(struct bytes path, struct bytes asked)
{
	for (size_t i = 0; i + 4 < path.len; i++) {
		struct bytes piece = bytes_slice(path, i, i + 5);
		if (memcmp(piece.ptr, "%25", 3) == 0 && hex_value((unsigned char)piece.ptr[3]) >= 0 &&
		    hex_value((unsigned char)piece.ptr[4]) >= 0 && !text_holds(asked, piece))
			return true;
	}
	return false;
}

/* What the server seems to have meant to write otherwise; NULL where nothing does. What the client wrote itself and has
 * back is not the server's slip. */
static const char *why_typo(const struct rule_input *in)
{
	static const char *const values[] = {"undefined", "null", "[object Object]", "%5Bobject%20Object%5D"};
	struct bytes l = in->request->location;
	struct bytes asked = in->request->url;
	struct uri u = {.path = BYTES("")};
	bool usable = parsed(l, &u);
	struct bytes path = usable ? u.path : bytes_slice(l, 0, find_query(l));
	struct bytes name;
	if (is_misspelt_scheme(l))
		return "a scheme that is misspelt";
	if (is_quoted(l))
		return "quotes around it";
	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
		struct bytes value = bytes_str(values[i]);
		if ((text_has_segment(path, value) || bytes_equal_nocase(u.host, value)) && !text_holds(asked, value))
			return "the text of a variable without a value";
	}
	if (text_placeholder(l, &name) && !text_holds(asked, name))
		return "a placeholder that was not filled in";
	if (usable && in->target.len > 0 && is_doubled(in, &u))
		return "a host or a path that is there twice";
	return is_encoded_twice(path, asked) ? "a percent-encoding that was encoded again" : NULL;
}

bool check_location_typo(const struct rule_input *in, struct rule_output *out)
{
	if (in->request->location.len == 0)
		return false;
	const char *why = why_typo(in);
	if (!why)
		return false;
	word(&out->message, "Location looks like a slip: ");
	word(&out->message, why);
	word(&out->expected, "the URL that was meant");
	word(&out->seen, why);
	return true;
}

static enum severity severity_of_scheme(const struct uri *u)
{
	static const char *const executable[] = {"javascript", "data", "file", "vbscript"};
	for (size_t i = 0; i < sizeof(executable) / sizeof(executable[0]); i++) {
		if (scheme_is(u, bytes_str(executable[i])))
			return SEVERITY_ERROR;
	}
	return scheme_is(u, BYTES("ftp")) || scheme_is(u, BYTES("mailto")) ? SEVERITY_WARNING : SEVERITY_INFO;
}

bool check_location_scheme(const struct rule_input *in, struct rule_output *out)
{
	struct bytes location = in->request->location;
	struct uri u;
	if (location.len == 0 || !parsed(location, &u) || !u.scheme.ptr || has_scheme_of_http(&u))
		return false;
	out->severity = severity_of_scheme(&u);
	word(&out->message, "Location has the scheme ");
	word_bytes(&out->message, u.scheme);
	word(&out->message, out->severity == SEVERITY_INFO ? ", which only an application of its own follows"
							   : ", which HTTP clients refuse");
	word(&out->expected, "http or https");
	word_bytes(&out->seen, u.scheme);
	return true;
}

bool check_location_too_long(const struct rule_input *in, struct rule_output *out)
{
	if (in->request->location.len <= 8000)
		return false;
	word(&out->message, "a Location of ");
	word_number(&out->message, in->request->location.len);
	word(&out->message, " bytes: servers and clients need not take a URL of more than 8000");
	word(&out->expected, "at most 8000 bytes");
	word_number(&out->seen, in->request->location.len);
	return true;
}
