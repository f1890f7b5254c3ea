/* SPDX-License-Identifier: MIT */
#include "proxy/lab/location.h"

const struct lab_form_row lab_forms[FORM_COUNT] = {
    [FORM_ABSOLUTE] = {"absolute", SCOPE_ANY, "scheme, host and path"},
    [FORM_RELATIVE] = {"relative", SCOPE_SAME_SCHEME | SCOPE_SAME_ORIGIN, "the path alone: /final"},
    [FORM_RELATIVE_PATH] = {"relative-path", SCOPE_SAME_SCHEME | SCOPE_SAME_ORIGIN, "the way from here: ../final"},
    [FORM_QUERY] = {"query", SCOPE_SAME_SCHEME | SCOPE_SAME_ORIGIN, "a query alone: ?done=yes"},
    [FORM_SCHEME_RELATIVE] = {"scheme-relative", SCOPE_SAME_SCHEME, "host and path: //host/final"},
    [FORM_FRAGMENT] = {"fragment", SCOPE_ANY, "with #part behind it"},
    [FORM_PADDED] = {"padded", SCOPE_ANY, "with white space around it"},
    [FORM_DOTS] = {"dots", SCOPE_ANY, "with dot segments in its path"},
    [FORM_UPPER_CASE] = {"upper-case", SCOPE_ANY, "scheme and host in capitals"},
    [FORM_SPACE] = {"space", SCOPE_LAST_HOP, "a space in its path"},
    [FORM_NON_ASCII] = {"non-ascii", SCOPE_LAST_HOP, "raw UTF-8 in its path"},
    [FORM_LATIN_1] = {"latin-1", SCOPE_LAST_HOP, "a raw byte that is no UTF-8 in its path"},
    [FORM_BACKSLASH] = {"backslash", SCOPE_LAST_HOP, "a backslash in its path"},
    [FORM_PERCENT] = {"percent", SCOPE_LAST_HOP, "a % without hexadecimal digits"},
    [FORM_ENCODED_SLASH] = {"encoded-slash", SCOPE_LAST_HOP, "%2F in its path, which is no slash"},
    [FORM_LONG] = {"long", SCOPE_LAST_HOP, "a query of 6000 bytes"},
    [FORM_USERINFO] = {"userinfo", SCOPE_LAST_HOP, "user and password before the host"},
    [FORM_TWICE] = {"twice", SCOPE_LAST_HOP, "two fields that differ; the first is the right one"},
    [FORM_TWICE_SAME] = {"twice-same", SCOPE_LAST_HOP, "two equal fields"},
    [FORM_EMPTY] = {"empty", SCOPE_SAME_SCHEME | SCOPE_SAME_ORIGIN | SCOPE_LAST_HOP, "a field without a value"},
    [FORM_MISSING] = {"missing", SCOPE_SAME_SCHEME | SCOPE_SAME_ORIGIN | SCOPE_LAST_HOP, "no field"},
    [FORM_INVALID] = {"invalid", SCOPE_LAST_HOP, "a host that cannot be one: http://[lab/final"},
    [FORM_NO_HOST] = {"no-host", SCOPE_LAST_HOP, "three slashes, and so no host: http:///final"},
    [FORM_ONE_SLASH] = {"one-slash", SCOPE_LAST_HOP, "one slash, and so no host: http:/final"},
    [FORM_FTP] = {"ftp", SCOPE_LAST_HOP, "an ftp URL"},
    [FORM_JAVASCRIPT] = {"javascript", SCOPE_LAST_HOP, "a javascript URL"},
    [FORM_CONTROL] = {"control", SCOPE_LAST_HOP, "a control byte, which a proxy must not pass on"},
};

static const size_t long_query = 6000;

static void put_query(const struct lab_next *n, struct text_buf *out)
{
	if (n->query.len == 0)
		return;
	text_buf_add_char(out, '?');
	text_buf_add(out, n->query);
}

static void put_authority(const struct lab_next *n, struct text_buf *out)
{
	TEXT_BUF_LITERAL(out, "//");
	text_buf_add(out, n->authority);
}

static void put_origin(const struct lab_next *n, struct text_buf *out)
{
	text_buf_add(out, n->scheme);
	text_buf_add_char(out, ':');
	put_authority(n, out);
}

static void put_absolute(const struct lab_next *n, struct text_buf *out)
{
	put_origin(n, out);
	text_buf_add(out, n->path);
	put_query(n, out);
}

static void put_upper(struct bytes b, struct text_buf *out)
{
	for (size_t i = 0; i < b.len; i++) {
		char c = b.ptr[i];

		text_buf_add_char(out, c >= 'a' && c <= 'z' ? (char)(c - 'a' + 'A') : c);
	}
}

/* The way from the directory of the request's path: "../" for each folder that is left, then what is not common. */
static void put_relative_path(const struct lab_next *n, struct text_buf *out)
{
	size_t common = 0;
	bool up = false;

	for (size_t i = 0; i < n->base.len && i < n->path.len && n->base.ptr[i] == n->path.ptr[i]; i++)
		common = n->base.ptr[i] == '/' ? i + 1 : common;
	for (size_t i = common; i < n->base.len; i++) {
		if (n->base.ptr[i] != '/')
			continue;
		TEXT_BUF_LITERAL(out, "../");
		up = true;
	}
	if (!up)
		TEXT_BUF_LITERAL(out, "./"); /* a first segment might look like a scheme, or be empty */
	text_buf_add(out, bytes_slice(n->path, common, n->path.len));
	put_query(n, out);
}

/* "/case/x/../x/final" */
static void put_dots(const struct lab_next *n, struct text_buf *out)
{
	put_origin(n, out);
	TEXT_BUF_LITERAL(out, "/nowhere/./..");
	text_buf_add(out, n->path);
	put_query(n, out);
}

static void put_with_suffix(const struct lab_next *n, struct bytes suffix, struct text_buf *out)
{
	put_origin(n, out);
	text_buf_add(out, n->path);
	text_buf_add(out, suffix);
	put_query(n, out);
}

static void put_long(const struct lab_next *n, struct text_buf *out)
{
	put_absolute(n, out);
	text_buf_add_char(out, n->query.len > 0 ? '&' : '?');
	TEXT_BUF_LITERAL(out, "long=");
	for (size_t i = 0; i < long_query; i++)
		text_buf_add_char(out, 'x');
}

static void put_upper_case(const struct lab_next *n, struct text_buf *out)
{
	put_upper(n->scheme, out);
	TEXT_BUF_LITERAL(out, "://");
	put_upper(n->authority, out);
	text_buf_add(out, n->path);
	put_query(n, out);
}

static void put_with_host(const struct lab_next *n, const char *before_path, struct text_buf *out)
{
	text_buf_add(out, n->scheme);
	text_buf_add_str(out, before_path);
	text_buf_add(out, n->path);
	put_query(n, out);
}

static void put_value(const struct lab_next *n, enum lab_form form, struct text_buf *out)
{
	switch (form) {
	case FORM_RELATIVE:
		text_buf_add(out, n->path);
		put_query(n, out);
		break;
	case FORM_RELATIVE_PATH:
		put_relative_path(n, out);
		break;
	case FORM_QUERY:
		put_query(n, out);
		break;
	case FORM_SCHEME_RELATIVE:
		put_authority(n, out);
		text_buf_add(out, n->path);
		put_query(n, out);
		break;
	case FORM_FRAGMENT:
		put_absolute(n, out);
		TEXT_BUF_LITERAL(out, "#part");
		break;
	case FORM_PADDED:
		TEXT_BUF_LITERAL(out, " \t ");
		put_absolute(n, out);
		TEXT_BUF_LITERAL(out, " \t");
		break;
	case FORM_DOTS:
		put_dots(n, out);
		break;
	case FORM_UPPER_CASE:
		put_upper_case(n, out);
		break;
	case FORM_SPACE:
		put_with_suffix(n, BYTES("/with space"), out);
		break;
	case FORM_NON_ASCII:
		put_with_suffix(n, BYTES("/caf\xc3\xa9"), out);
		break;
	case FORM_LATIN_1:
		put_with_suffix(n, BYTES("/caf\xe9"), out);
		break;
	case FORM_BACKSLASH:
		put_with_suffix(n, BYTES("/back\\slash"), out);
		break;
	case FORM_PERCENT:
		put_with_suffix(n, BYTES("/100%"), out);
		break;
	case FORM_ENCODED_SLASH:
		put_with_suffix(n, BYTES("/one%2Fsegment"), out);
		break;
	case FORM_LONG:
		put_long(n, out);
		break;
	case FORM_USERINFO:
		text_buf_add(out, n->scheme);
		TEXT_BUF_LITERAL(out, "://user:password@");
		text_buf_add(out, n->authority);
		text_buf_add(out, n->path);
		put_query(n, out);
		break;
	case FORM_INVALID:
		put_with_host(n, "://[lab", out);
		break;
	case FORM_NO_HOST:
		put_with_host(n, "://", out);
		break;
	case FORM_ONE_SLASH:
		put_with_host(n, ":", out);
		break;
	case FORM_FTP:
		TEXT_BUF_LITERAL(out, "ftp:");
		put_authority(n, out);
		text_buf_add(out, n->path);
		break;
	case FORM_JAVASCRIPT:
		TEXT_BUF_LITERAL(out, "javascript:location.reload()");
		break;
	case FORM_CONTROL:
		put_with_suffix(n, BYTES("/con\x01trol"), out);
		break;
	case FORM_EMPTY:
	case FORM_MISSING:
		break;
	case FORM_ABSOLUTE:
	case FORM_TWICE:
	case FORM_TWICE_SAME:
	default:
		put_absolute(n, out);
		break;
	}
}

void lab_location_write(const struct lab_next *n, enum lab_form form, struct text_buf *out)
{
	if (form == FORM_MISSING)
		return;
	TEXT_BUF_LITERAL(out, "Location: ");
	put_value(n, form, out);
	TEXT_BUF_LITERAL(out, "\r\n");
	if (form != FORM_TWICE && form != FORM_TWICE_SAME)
		return;
	TEXT_BUF_LITERAL(out, "Location: ");
	if (form == FORM_TWICE)
		put_with_suffix(n, BYTES("/second"), out);
	else
		put_absolute(n, out);
	TEXT_BUF_LITERAL(out, "\r\n");
}
