/* SPDX-License-Identifier: MIT
 *
 * The secrets of one URL. It splits leniently and by the most suspicious reading, not by RFC 3986: a Location that no
 * parser accepts, or that two read in two ways, must not give its password away either. */
#include "audit/record/redact_pass.h"
#include "audit/secret.h"

static bool is_slash(char c)
{
	return c == '/' || c == '\\';
}

/* Bytes that browsers take out of a URL wherever they stand. */
static bool is_skipped(char c)
{
	return c == '\t' || c == '\r' || c == '\n';
}

static size_t find_slash(struct bytes b, size_t from)
{
	while (from < b.len && !is_slash(b.ptr[from]))
		from++;
	return from;
}

/* The '?' or '#' that ends the hierarchical part. */
static size_t find_query(struct bytes b, size_t from)
{
	while (from < b.len && b.ptr[from] != '?' && b.ptr[from] != '#')
		from++;
	return from;
}

static size_t find_last(struct bytes b, char c)
{
	for (size_t at = b.len; at > 0; at--) {
		if (b.ptr[at - 1] == c)
			return at - 1;
	}
	return b.len;
}

/* The length of a scheme that has a host behind it even without slashes ("http:user@host"), colon included; else 0. */
static size_t hostful_scheme(struct bytes b)
{
	static const char *const schemes[] = {"http:", "https:", "ws:", "wss:", "ftp:"};

	for (size_t i = 0; i < sizeof(schemes) / sizeof(schemes[0]); i++) {
		if (bytes_starts_nocase(b, bytes_str(schemes[i])))
			return strlen(schemes[i]);
	}
	return 0;
}

/* Where an authority may begin in what stands before query and fragment; b.len where none can. `*certain` says that
 * slashes announce it; without them ("user:pw@host:443", "page") only an '@' makes it one. */
static size_t find_authority(struct bytes b, bool *certain)
{
	size_t slash = find_slash(b, 0);
	size_t scheme = hostful_scheme(b);
	size_t end = slash;
	unsigned slashes = 0;

	while (end < b.len && (is_slash(b.ptr[end]) || is_skipped(b.ptr[end])))
		slashes += is_slash(b.ptr[end++]);
	*certain = slashes >= 2 || (scheme > 0 && scheme == slash);
	if (*certain)
		return end;
	if (slash == 0 || bytes_starts_nocase(b, BYTES("mailto:")))
		return b.len;
	return scheme;
}

/* user[:password], without the '@'. */
static void userinfo_pass(struct redact_pass *p, struct bytes userinfo)
{
	size_t colon = bytes_find(userinfo, ':');

	redact_hide_decoded(p, bytes_slice(userinfo, 0, colon));
	if (colon == userinfo.len)
		return;
	redact_keep(p, BYTES(":"));
	redact_hide_decoded(p, bytes_slice(userinfo, colon + 1, userinfo.len));
}

/* In an authority without '@': where something follows a colon that is no port; else its length. */
static size_t find_false_port(struct bytes authority)
{
	size_t bracket = find_last(authority, ']');
	size_t from = bracket == authority.len ? 0 : bracket;
	size_t colon = from + bytes_find(bytes_slice(authority, from, authority.len), ':');

	for (size_t i = colon + 1; i < authority.len; i++) {
		if (!ascii_is_digit((unsigned char)authority.ptr[i]))
			return colon;
	}
	return authority.len;
}

/* One path parameter, "jsessionid=1", without its ';'. */
static void path_parameter_pass(struct redact_pass *p, struct bytes parameter)
{
	size_t equals = bytes_find(parameter, '=');

	redact_keep(p, bytes_slice(parameter, 0, equals + 1));
	if (equals == parameter.len)
		return;
	if (secret_parameter_name(bytes_slice(parameter, 0, equals)))
		redact_hide_decoded(p, bytes_slice(parameter, equals + 1, parameter.len));
	else
		redact_keep(p, bytes_slice(parameter, equals + 1, parameter.len));
}

static void nested_url_pass(struct redact_pass *p, struct bytes url)
{
	if (p->depth == REDACT_DEPTH_MAX) {
		redact_hide(p, url);
		return;
	}
	p->depth++;
	redact_url_pass(p, url);
	p->depth--;
}

/* Segments are left, but for their parameters; a URL inside the path ("/http://user:pw@host/") is a URL. */
static void path_pass(struct redact_pass *p, struct bytes path)
{
	size_t at = 0, kept = 0;

	while (at < path.len) {
		if (path.ptr[at] == ';') {
			size_t end = at + 1;

			while (end < path.len && path.ptr[end] != ';' && !is_slash(path.ptr[end]))
				end++;
			redact_keep(p, bytes_slice(path, kept, at + 1));
			path_parameter_pass(p, bytes_slice(path, at + 1, end));
			at = kept = end;
		} else if (path.ptr[at] == ':' && at + 2 < path.len && is_slash(path.ptr[at + 1]) &&
			   is_slash(path.ptr[at + 2])) {
			redact_keep(p, bytes_slice(path, kept, at + 1));
			nested_url_pass(p, bytes_slice(path, at + 1, path.len));
			return;
		} else {
			at++;
		}
	}
	redact_keep(p, bytes_slice(path, kept, path.len));
}

/* What stands before query and fragment. Returns how many bytes of `url` it took, which is more than `hierarchy` holds
 * where a '?' or '#' turned out to stand inside a password. */
static size_t hierarchy_pass(struct redact_pass *p, struct bytes url, size_t length)
{
	struct bytes hierarchy = bytes_slice(url, 0, length);
	bool certain;
	size_t from = find_authority(hierarchy, &certain);
	size_t to = find_slash(hierarchy, from);
	size_t at = from + find_last(bytes_slice(hierarchy, from, to), '@');

	if (from == length)
		from = to = at = 0; /* none: all of it is a path */
	redact_keep(p, bytes_slice(url, 0, from));
	if (at < to) {
		userinfo_pass(p, bytes_slice(url, from, at));
		from = at;
	} else if (certain && from > 0) {
		size_t colon = from + find_false_port(bytes_slice(url, from, to));
		size_t last = from + find_last(bytes_slice(url, from, url.len), '@');

		if (colon < to && last < url.len) {
			userinfo_pass(p, bytes_slice(url, from, last));
			from = last;
			length = last > length ? find_query(url, last) : length;
		} else if (colon < to) {
			redact_keep(p, bytes_slice(url, from, colon + 1));
			redact_hide_decoded(p, bytes_slice(url, colon + 1, to));
			from = to;
		}
	}
	path_pass(p, bytes_slice(url, from, length));
	return length;
}

void redact_url_pass(struct redact_pass *p, struct bytes url)
{
	size_t at = hierarchy_pass(p, url, find_query(url, 0));

	redact_keep(p, bytes_slice(url, at, at + 1));
	redact_parameters_pass(p, bytes_slice(url, at + 1, url.len));
}

/* Is a parameter of this (raw) name secret? Of a name that is absurdly long the end decides, as it does in any name. */
static bool is_secret_name(struct bytes raw)
{
	struct text_buf decoded = {0};
	bool secret;

	raw = bytes_slice(raw, raw.len > 256 ? raw.len - 256 : 0, raw.len);
	if (bytes_find(raw, '%') == raw.len && bytes_find(raw, '+') == raw.len)
		return secret_parameter_name(raw);
	percent_decode(&decoded, raw, true);
	secret = decoded.failed || secret_parameter_name(text_buf_view(&decoded));
	text_buf_free(&decoded);
	return secret;
}

/* JSON in a value: is one of its strings a secret's name? */
static bool json_names_secret(struct bytes b)
{
	size_t open = bytes_find(b, '"');

	while (open < b.len) {
		size_t close = open + 1 + bytes_find(bytes_slice(b, open + 1, b.len), '"');
		struct bytes behind = bytes_trim(bytes_slice(b, close + 1, b.len));

		if (behind.len > 0 && behind.ptr[0] == ':' && secret_parameter_name(bytes_slice(b, open + 1, close)))
			return true;
		open = close < b.len ? close + 1 + bytes_find(bytes_slice(b, close + 1, b.len), '"') : close;
	}
	return false;
}

/* Looks into a decoded value, without writing. */
static bool holds_secret(const struct redact_pass *outer, struct bytes value)
{
	struct redact_pass p = {.key = outer->key, .depth = outer->depth + 1};
	bool has_slashes = false, has_parameters = false;

	if (secret_looking_value(value))
		return true;
	for (size_t i = 0; i < value.len; i++) {
		has_slashes |= is_slash(value.ptr[i]) && (i == 0 || is_slash(value.ptr[i - 1]));
		has_parameters |= value.ptr[i] == '=' || value.ptr[i] == '?' || value.ptr[i] == '#';
	}
	if (!has_slashes && !has_parameters)
		return json_names_secret(value);
	if (p.depth > REDACT_DEPTH_MAX)
		return true;
	if (has_slashes || bytes_find(value, '?') < value.len || bytes_find(value, '#') < value.len)
		redact_url_pass(&p, value);
	if (!p.changed && bytes_find(value, '=') < value.len)
		redact_parameters_pass(&p, value);
	return p.changed || json_names_secret(value);
}

void redact_value_pass(struct redact_pass *p, struct bytes value)
{
	struct text_buf decoded[2] = {{0}, {0}};
	struct bytes inner = value;
	bool secret = holds_secret(p, inner);

	for (unsigned i = 0; !secret && i < REDACT_DEPTH_MAX && bytes_find(inner, '%') < inner.len; i++) {
		struct text_buf *to = &decoded[i & 1];

		text_buf_cut(to, 0);
		percent_decode(to, inner, i == 0);
		if (to->failed || bytes_equal(text_buf_view(to), inner)) {
			secret = to->failed;
			break;
		}
		inner = text_buf_view(to);
		secret = holds_secret(p, inner);
	}
	if (secret)
		redact_hide_decoded(p, value);
	else
		redact_keep(p, value);
	text_buf_free(&decoded[0]);
	text_buf_free(&decoded[1]);
}

/* Where this value ends and, for somebody, another parameter begins. */
static size_t find_separator(struct bytes b)
{
	for (size_t i = 0; i < b.len; i++) {
		if (b.ptr[i] == ';' || b.ptr[i] == '?' || b.ptr[i] == '#')
			return i;
	}
	return b.len;
}

/* What stands between two '&'. A secret's value goes on to the end, or to the '#' that no query holds; any other ends
 * where a ';' or '?' lets some parser see the next parameter. */
static void parameter_pass(struct redact_pass *p, struct bytes piece)
{
	while (piece.len > 0) {
		size_t end = find_separator(piece);
		size_t equals = bytes_find(bytes_slice(piece, 0, end), '=');

		if (equals < end) {
			struct bytes name = bytes_slice(piece, 0, equals);

			redact_value_pass(p, name); /* a token may stand where a name should */
			redact_keep(p, BYTES("="));
			if (is_secret_name(name)) {
				end = bytes_find(piece, '#');
				redact_hide_decoded(p, bytes_slice(piece, equals + 1, end));
			} else {
				redact_value_pass(p, bytes_slice(piece, equals + 1, end));
			}
		} else {
			redact_value_pass(p, bytes_slice(piece, 0, end));
		}
		redact_keep(p, bytes_slice(piece, end, end + 1));
		piece = bytes_slice(piece, end + 1, piece.len);
	}
}

void redact_parameters_pass(struct redact_pass *p, struct bytes parameters)
{
	while (parameters.len > 0) {
		size_t end = bytes_find(parameters, '&');

		parameter_pass(p, bytes_slice(parameters, 0, end));
		redact_keep(p, bytes_slice(parameters, end, end + 1));
		parameters = bytes_slice(parameters, end + 1, parameters.len);
	}
}
