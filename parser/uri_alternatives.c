/* SPDX-License-Identifier: MIT
 *
 * The targets that clients make of a Location by a mistake: level E3 of RULES §5, one function for each row. The audit
 * registers them beside the right target, so that a follow-up that went elsewhere is explained and not just lost. */
#include "parser/uri_private.h"
#include "parser/utf8.h"

/* One Location under examination. Everything is borrowed from uri_alternatives()'s arguments or lies in its scratch. */
struct reading {
	const struct uri *base;
	struct bytes location; /* trimmed, as received */
	bool parses;           /* is it a URI-reference? If not, the next three are empty */
	struct uri ref;        /* without its fragment */
	struct bytes fragment;
	struct bytes right; /* the target by RFC 3986 */
	struct uri target;  /* `right` in its components */
};

/* Appends to `out` and sets *target to the alternative; false where it does not apply (or does not fit). */
typedef bool make_target(const struct reading *r, struct uri_buf *out, struct bytes *target);

static struct bytes appended_since(const struct uri_buf *out, size_t start)
{
	return bytes_of(out->ptr + start, out->len - start);
}

static bool resolve(const struct uri *base, const struct uri *ref, struct uri_buf *out, struct bytes *target)
{
	size_t start = out->len;
	if (uri_resolve(base, ref, out) != URI_OK)
		return false;
	*target = appended_since(out, start);
	return true;
}

static bool write_target(const struct uri *u, struct uri_buf *out, struct bytes *target)
{
	size_t start = out->len;
	if (uri_write(u, out) != URI_OK)
		return false;
	*target = appended_since(out, start);
	return true;
}

/* --- Readings of bytes: path and query of the reference rewritten, then resolved --- */

typedef bool put_bytes(struct bytes b, struct uri_buf *out);

static bool rewrite(struct bytes *part, put_bytes *put, struct uri_buf *out)
{
	size_t start = out->len;
	if (!part->ptr)
		return true;
	if (!put(*part, out))
		return false;
	*part = appended_since(out, start);
	return true;
}

static bool resolve_rewritten(const struct reading *r, put_bytes *put, struct uri_buf *out, struct bytes *target)
{
	struct uri ref = r->ref;
	if (!r->parses || !rewrite(&ref.path, put, out) || !rewrite(&ref.query, put, out))
		return false;
	/* Mostly there is nothing to rewrite, and then no more to do. */
	bool same = bytes_equal(ref.path, r->ref.path) && bytes_equal(ref.query, r->ref.query);
	return !same && resolve(r->base, &ref, out, target);
}

static bool put_latin1_as_utf8(struct bytes b, struct uri_buf *out)
{
	bool fits = true;
	for (size_t i = 0; fits && i < b.len; i++) {
		char text[4];
		fits = buf_put(out, bytes_of(text, utf8_write((unsigned char)b.ptr[i], text)));
	}
	return fits;
}

static bool mojibake(const struct reading *r, struct uri_buf *out, struct bytes *target)
{
	return resolve_rewritten(r, put_latin1_as_utf8, out, target);
}

static bool put_replaced(struct bytes b, struct uri_buf *out)
{
	bool fits = true;
	for (size_t i = 0; fits && i < b.len;) {
		uint32_t cp;
		size_t taken = utf8_read(b, i, &cp);
		fits = buf_put(out, cp == UTF8_MALFORMED ? BYTES("\xef\xbf\xbd") : bytes_slice(b, i, i + taken));
		i += taken;
	}
	return fits;
}

static bool replacement(const struct reading *r, struct uri_buf *out, struct bytes *target)
{
	return resolve_rewritten(r, put_replaced, out, target);
}

static bool put_encoded_again(struct bytes b, struct uri_buf *out)
{
	bool fits = true;
	for (size_t i = 0; fits && i < b.len; i++) {
		fits = buf_put_char(out, (unsigned char)b.ptr[i]);
		if (fits && percent_value(b, i) >= 0)
			fits = buf_put(out, BYTES("25"));
	}
	return fits;
}

static bool double_encoded(const struct reading *r, struct uri_buf *out, struct bytes *target)
{
	return resolve_rewritten(r, put_encoded_again, out, target);
}

static bool put_reserved_decoded(struct bytes b, struct uri_buf *out)
{
	bool fits = true;
	for (size_t i = 0; fits && i < b.len; i++) {
		int value = percent_value(b, i);
		if (value >= 0 && uri_class((unsigned char)value) & (CLASS_GEN_DELIM | CLASS_SUB_DELIM)) {
			fits = buf_put_char(out, (unsigned char)value);
			i += 2;
		} else {
			fits = buf_put_char(out, (unsigned char)b.ptr[i]);
		}
	}
	return fits;
}

static bool reserved_decoded(const struct reading *r, struct uri_buf *out, struct bytes *target)
{
	return resolve_rewritten(r, put_reserved_decoded, out, target);
}

/* --- Readings of backslashes: the text is rewritten and parsed anew, since it may have another authority --- */

static bool resolve_text(const struct reading *r, struct bytes text, struct uri_buf *out, struct bytes *target)
{
	struct uri ref;
	if (uri_parse(text, &ref) != URI_OK)
		return false;
	ref.fragment = bytes_of(NULL, 0);
	return resolve(r->base, &ref, out, target);
}

/* Up to a query or fragment, where WHATWG URL gives the backslash no meaning. */
static bool backslash(const struct reading *r, struct uri_buf *out, struct bytes *target)
{
	size_t start = out->len;
	if (bytes_find(r->location, '\\') == r->location.len || !buf_put(out, r->location))
		return false;
	for (size_t i = start; i < out->len && out->ptr[i] != '?' && out->ptr[i] != '#'; i++) {
		if (out->ptr[i] == '\\')
			out->ptr[i] = '/';
	}
	return resolve_text(r, appended_since(out, start), out, target);
}

static bool backslash_escaped(const struct reading *r, struct uri_buf *out, struct bytes *target)
{
	size_t start = out->len;
	bool fits = bytes_find(r->location, '\\') < r->location.len;

	for (size_t i = 0; fits && i < r->location.len; i++) {
		unsigned char c = (unsigned char)r->location.ptr[i];
		fits = c == '\\' ? buf_put_percent(out, c) : buf_put_char(out, c);
	}
	return fits && resolve_text(r, appended_since(out, start), out, target);
}

/* --- Readings of the base --- */

/* A reference that the path of the base has a say in: "g", "../g", "?q". */
static bool depends_on_path(const struct reading *r)
{
	const struct uri *ref = &r->ref;
	bool from_root = ref->path.len && ref->path.ptr[0] == '/';
	return r->parses && !ref->scheme.ptr && !ref->authority.ptr && !from_root && (ref->path.len || ref->query.ptr);
}

static bool base_root(const struct reading *r, struct uri_buf *out, struct bytes *target)
{
	struct uri base = *r->base;
	base.path = BYTES("/");
	return depends_on_path(r) && resolve(&base, &r->ref, out, target);
}

static bool base_directory(const struct reading *r, struct uri_buf *out, struct bytes *target)
{
	struct uri base = *r->base;
	size_t start = out->len;

	if (base.path.len == 0 || base.path.ptr[base.path.len - 1] == '/')
		return false;
	if (!depends_on_path(r) || !buf_put(out, base.path) || !buf_put_char(out, '/'))
		return false;
	base.path = appended_since(out, start);
	return resolve(&base, &r->ref, out, target);
}

static bool query_merge(const struct reading *r, struct uri_buf *out, struct bytes *target)
{
	struct uri base = *r->base;

	if (!depends_on_path(r) || r->ref.path.len)
		return false;
	while (base.path.len && base.path.ptr[base.path.len - 1] != '/')
		base.path.len--;
	return resolve(&base, &r->ref, out, target);
}

/* --- Parts of the right target lost, added or exchanged --- */

/* Raw it would still be a fragment, which a comparison leaves out and the rule fragment-sent-on-wire is about. */
static bool fragment_kept(const struct reading *r, struct uri_buf *out, struct bytes *target)
{
	size_t start = out->len;
	if (!r->fragment.ptr || !buf_put(out, r->right) || !buf_put(out, BYTES("%23")) || !buf_put(out, r->fragment))
		return false;
	*target = appended_since(out, start);
	return true;
}

static bool query_dropped(const struct reading *r, struct uri_buf *out, struct bytes *target)
{
	struct uri u = r->target;
	u.query = bytes_of(NULL, 0);
	return r->target.query.len && write_target(&u, out, target);
}

static bool query_appended(const struct reading *r, struct uri_buf *out, struct bytes *target)
{
	struct uri u = r->target;
	u.query = r->base->query;
	return r->parses && r->target.query.len == 0 && u.query.len && write_target(&u, out, target);
}

static bool scheme_kept(const struct reading *r, struct uri_buf *out, struct bytes *target)
{
	struct uri u = r->target;
	u.scheme = r->base->scheme;
	return scheme_default_port(r->target.scheme) && !bytes_equal(u.scheme, r->target.scheme) &&
	       write_target(&u, out, target);
}

static bool port_kept(const struct reading *r, struct uri_buf *out, struct bytes *target)
{
	struct uri u = r->target;
	size_t start = out->len;
	char digits[5];

	if (!r->ref.authority.ptr)
		return false;
	size_t n = port_text(uri_port(r->base), digits);
	if (!buf_put(out, u.host) || !buf_put_char(out, ':') || !buf_put(out, bytes_of(digits, n)))
		return false;
	u.authority = appended_since(out, start);
	return write_target(&u, out, target);
}

/* --- Repairs of a Location that has no host --- */

/* What follows "http:" or "https:", where no authority does. */
static bool behind_lone_scheme(const struct reading *r, struct bytes *scheme, struct bytes *rest)
{
	size_t colon = bytes_find(r->location, ':');
	if (colon == r->location.len)
		return false;
	*scheme = bytes_slice(r->location, 0, colon);
	*rest = bytes_slice(r->location, colon + 1, r->location.len);
	return scheme_default_port(*scheme) != 0 &&
	       (!bytes_starts_nocase(*rest, BYTES("//")) || bytes_starts_nocase(*rest, BYTES("///")));
}

static bool slashes_repaired(const struct reading *r, struct uri_buf *out, struct bytes *target)
{
	struct bytes scheme, rest;
	size_t start = out->len;
	if (!behind_lone_scheme(r, &scheme, &rest))
		return false;
	while (rest.len && rest.ptr[0] == '/')
		rest = bytes_slice(rest, 1, rest.len);
	if (!buf_put(out, scheme) || !buf_put(out, BYTES("://")) || !buf_put(out, rest))
		return false;
	return resolve_text(r, appended_since(out, start), out, target);
}

static bool scheme_ignored(const struct reading *r, struct uri_buf *out, struct bytes *target)
{
	struct bytes scheme, rest;
	return behind_lone_scheme(r, &scheme, &rest) && !bytes_starts_nocase(rest, BYTES("//")) &&
	       bytes_equal_nocase(scheme, r->base->scheme) && resolve_text(r, rest, out, target);
}

/* URI_ALT_DOTS_KEPT has no row: at level E1 such a target is the right one. */
static const struct {
	make_target *make;
	const char *text;
} alternatives[URI_ALT_COUNT] = {
    [URI_ALT_MOJIBAKE] = {mojibake, "raw bytes were read as Latin-1 and written as UTF-8"},
    [URI_ALT_REPLACEMENT] = {replacement, "raw bytes that are no UTF-8 became U+FFFD"},
    [URI_ALT_DOUBLE_ENCODED] = {double_encoded, "%XX was encoded again, as %25XX"},
    [URI_ALT_BACKSLASH] = {backslash, "a backslash was read as a slash"},
    [URI_ALT_BACKSLASH_ESCAPED] = {backslash_escaped, "a backslash in the authority was encoded as %5C"},
    [URI_ALT_BASE_ROOT] = {base_root, "a relative reference was resolved against the root of the origin"},
    [URI_ALT_BASE_DIRECTORY] = {base_directory, "a relative reference was resolved as if the base ended in a slash"},
    [URI_ALT_QUERY_MERGE] = {query_merge, "a query-only reference dropped the last segment of the base"},
    [URI_ALT_DOTS_KEPT] = {NULL, "dot segments were left in the target"},
    [URI_ALT_FRAGMENT_KEPT] = {fragment_kept, "the fragment was sent as a part of the target"},
    [URI_ALT_QUERY_DROPPED] = {query_dropped, "the query was dropped"},
    [URI_ALT_QUERY_APPENDED] = {query_appended, "the query of the redirected request was appended"},
    [URI_ALT_SCHEME_KEPT] = {scheme_kept, "the scheme of the redirected request was kept"},
    [URI_ALT_PORT_KEPT] = {port_kept, "the port of the redirected request was kept"},
    [URI_ALT_RESERVED_DECODED] = {reserved_decoded, "encoded reserved bytes were decoded"},
    [URI_ALT_SLASHES_REPAIRED] = {slashes_repaired, "the slashes in front of the host were repaired"},
    [URI_ALT_SCHEME_IGNORED] = {scheme_ignored, "a scheme without a host was ignored"},
};

const char *uri_alternative_text(enum uri_alternative a)
{
	return (unsigned)a < URI_ALT_COUNT ? alternatives[a].text : "unknown reading";
}

/* Works out what is right; `parses` stays false where nothing is. */
static void read_rightly(struct reading *r, struct uri_buf *scratch)
{
	struct uri ref;

	if (uri_parse(r->location, &ref) != URI_OK)
		return;
	struct bytes fragment = ref.fragment;
	ref.fragment = bytes_of(NULL, 0);
	if (!resolve(r->base, &ref, scratch, &r->right) || uri_parse(r->right, &r->target) != URI_OK)
		return;
	r->ref = ref;
	r->fragment = fragment;
	r->parses = true;
}

/* Is it worth telling: an http or https URI that is not the right target? Without room to compare nothing is told: each
 * normal form is at most 8 bytes longer than what it is made of (a slash, an IPv4-mapped address). */
static bool is_other_target(const struct reading *r, struct bytes target, struct uri_buf *scratch)
{
	struct uri u;
	return uri_parse_http(target, &u) == URI_OK && scratch->max - scratch->len >= target.len + r->right.len + 16 &&
	       uri_compare(target, r->right, scratch) == URI_DIFFERENT;
}

void uri_alternatives(const struct uri *base, struct bytes location, struct uri_buf *scratch, uri_alternative_cb *cb,
		      void *arg)
{
	size_t start = scratch->len;
	bool go_on = true;
	struct reading r = {.base = base, .location = bytes_trim(location)};

	read_rightly(&r, scratch);
	size_t behind = scratch->len;
	for (int a = 0; go_on && a < URI_ALT_COUNT; a++) {
		struct bytes target;
		scratch->len = behind;
		if (!alternatives[a].make || !alternatives[a].make(&r, scratch, &target))
			continue;
		/* What it was made from is of no more use: this keeps the scratch small. */
		memmove(scratch->ptr + behind, target.ptr, target.len);
		target.ptr = scratch->ptr + behind;
		scratch->len = behind + target.len;
		if (is_other_target(&r, target, scratch))
			go_on = cb(arg, (enum uri_alternative)a, target);
	}
	scratch->len = start;
}
