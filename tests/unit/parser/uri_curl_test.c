/* SPDX-License-Identifier: MIT
 *
 * parser/uri against libcurl's URL API as an oracle: every reference that a few tokens can make, resolved by both.
 * Where libcurl is known to go its own way the pair is left out, each time for one of the reasons in the table below
 * (found with 7.88.1). Without libcurl's header there is nothing to compare with, and the test says so. */
#include <stdio.h>

#include "tests/unit/parser/uri_support.h"

#if __has_include(<curl/curl.h>)

#include <curl/curl.h>

#define COUNT(table) ((int)(sizeof(table) / sizeof((table)[0])))

/* One pair of base and reference, with what we make of it. */
struct pair {
	struct uri base, ref, target;
};

static bool is_same_document(const struct pair *p)
{
	return !p->ref.scheme.ptr && !p->ref.authority.ptr && p->ref.path.len == 0 && !p->ref.query.ptr;
}

static bool has_other_scheme(const struct pair *p)
{
	return p->ref.scheme.ptr && scheme_default_port(p->ref.scheme) == 0;
}

static bool has_no_host(const struct pair *p)
{
	return p->target.host.len == 0;
}

static bool ends_in_empty_part(const struct pair *p)
{
	return (p->target.query.ptr && p->target.query.len == 0) ||
	       (p->target.fragment.ptr && p->target.fragment.len == 0);
}

static bool has_empty_path(const struct pair *p)
{
	return p->target.path.len == 0;
}

static bool has_colon_in_first_segment(const struct pair *p)
{
	struct bytes first = bytes_slice(p->ref.path, 0, bytes_find(p->ref.path, '/'));
	return !p->ref.scheme.ptr && !p->ref.authority.ptr && bytes_find(first, ':') < first.len;
}

static bool has_unusual_host(const struct pair *p)
{
	for (size_t i = 0; i < p->target.host.len; i++) {
		if (strchr("%;@!", p->target.host.ptr[i]))
			return true;
	}
	return false;
}

static bool has_empty_port(const struct pair *p)
{
	return p->target.port.ptr && p->target.port.len == 0;
}

/* What is left of the reference's path behind "./" and "../"; *climbs tells whether there were any. */
static struct bytes behind_climbing(const struct pair *p, bool *climbs)
{
	struct bytes path = p->ref.path;

	*climbs = false;
	while (path.len && path.ptr[0] == '.') {
		size_t dots = path.len > 1 && path.ptr[1] == '.' ? 2 : 1;
		if (dots == path.len || path.ptr[dots] != '/')
			break;
		path = bytes_slice(path, dots + 1, path.len);
		*climbs = true;
	}
	return path;
}

static bool climbs_to_empty_segment(const struct pair *p)
{
	bool climbs;
	struct bytes rest = behind_climbing(p, &climbs);
	return climbs && rest.len && rest.ptr[0] == '/';
}

static bool climbs_to_query(const struct pair *p)
{
	bool climbs;
	return behind_climbing(p, &climbs).len == 0 && climbs && p->ref.query.ptr;
}

static const struct {
	bool (*applies)(const struct pair *p);
	const char *ref; /* an example, against the first base */
	const char *reason;
} deviations[] = {
    {is_same_document, "#s", "an empty or fragment-only reference loses the base's last segment and query"},
    {has_other_scheme, "a:b", "schemes that libcurl does not speak are errors"},
    {has_no_host, "http:/x", "http:/x and http:///x are repaired into another host or refused, http:x too"},
    {ends_in_empty_part, "/x?", "a lone '?' or '#' is dropped"},
    {has_empty_path, "//h", "an empty path is written as a slash"},
    {has_colon_in_first_segment, ".a:b", "a first segment with a colon is a scheme even if it begins with a dot"},
    {has_unusual_host, "//h;x/", "a host with sub-delims or encoded reserved bytes is an error"},
    {has_empty_port, "//h:/", "an empty port is dropped"},
    {climbs_to_empty_segment, ".//x", "an empty segment after leading dot segments is lost"},
    {climbs_to_query, "../?y", "the slash between leading dot segments and a query is lost"},
};

static const char *deviation(const struct pair *p)
{
	for (int i = 0; i < COUNT(deviations); i++) {
		if (deviations[i].applies(p))
			return deviations[i].reason;
	}
	return NULL;
}

/* What libcurl makes of the reference, or NULL; to be freed by curl_free(). */
static char *curl_target(CURLU *handle, const char *base, const char *ref)
{
	char *target = NULL;
	if (curl_url_set(handle, CURLUPART_URL, base, 0) != CURLUE_OK)
		ck_abort_msg("libcurl refuses the base %s", base);
	if (curl_url_set(handle, CURLUPART_URL, ref, 0) == CURLUE_OK)
		(void)curl_url_get(handle, CURLUPART_URL, &target, 0);
	return target;
}

/* Resolves into `text`; false where the reference does not parse. No ck_assert here and below but for failures: each
 * one costs a system call, and there are a quarter of a million pairs. */
static bool resolve_pair(struct pair *p, const char *base, const char *ref, char text[TEXT_MAX])
{
	struct uri_buf out = {.ptr = text, .max = TEXT_MAX - 1};

	if (uri_parse(bytes_str(base), &p->base) != URI_OK || uri_parse(bytes_str(ref), &p->ref) != URI_OK)
		return false;
	enum uri_error e = uri_resolve(&p->base, &p->ref, &out);
	text[out.len] = '\0';
	if (e != URI_OK || uri_parse(bytes_of(text, out.len), &p->target) != URI_OK)
		ck_abort_msg("%s + %s", base, ref);
	return true;
}

/* True if the pair could be compared; ends the test where the two differ. */
static bool agree(CURLU *handle, const char *base, const char *ref)
{
	char ours[TEXT_MAX];
	struct pair p;

	if (!resolve_pair(&p, base, ref, ours) || deviation(&p))
		return false;
	char *theirs = curl_target(handle, base, ref);
	if (!theirs || strcmp(theirs, ours) != 0)
		ck_abort_msg("%s + %s: ours %s, libcurl's %s", base, ref, ours, theirs ? theirs : "(error)");
	curl_free(theirs);
	return true;
}

static const char *const bases[] = {
    "http://a/b/c/d;p?q", "http://a/", "https://a.example:8080/b//c/", "http://u:p@a/b?q/r#s", "http://[::1]/b/.c/..d",
};

static const char *const tokens[] = {
    "/", ".", "..", "g", "//h", "?y", "#s", ";x=1", "http:", "a:", "@", "%2F", "//",
};

/* Every string of up to four tokens against one base. */
START_TEST(reference_resolves_as_libcurl_resolves_it)
{
	enum { DEPTH = 4 };
	CURLU *handle = curl_url();
	int compared = 0, total = 1;

	ck_assert_ptr_nonnull(handle);
	for (int i = 0; i < DEPTH; i++)
		total *= COUNT(tokens) + 1;
	for (int n = 0; n < total; n++) {
		char ref[64] = "";
		for (int i = 0, rest = n; i < DEPTH; i++, rest /= COUNT(tokens) + 1) {
			int token = rest % (COUNT(tokens) + 1);
			if (token > 0)
				strcat(ref, tokens[token - 1]);
		}
		compared += agree(handle, bases[_i], ref);
	}
	curl_url_cleanup(handle);
	ck_assert_int_gt(compared, total / 3); /* the table may not swallow what is to be compared */
}
END_TEST

/* Long ways up and down, which four tokens cannot make. */
START_TEST(walk_through_segments_ends_where_libcurl_ends)
{
	static const char *const segments[] = {"..", ".", "g", "", "...", "h;x"};
	enum { ROUNDS = 5000 };
	CURLU *handle = curl_url();
	uint32_t state = 1;
	int compared = 0;

	ck_assert_ptr_nonnull(handle);
	for (int round = 0; round < ROUNDS; round++) {
		char ref[128] = "x";
		for (int i = 0; i < 12; i++) {
			state = state * 1664525 + 1013904223;
			strcat(strcat(ref, "/"), segments[(state >> 16) % COUNT(segments)]);
		}
		compared += agree(handle, bases[_i], ref);
		compared += agree(handle, bases[_i], ref + 1);
	}
	curl_url_cleanup(handle);
	ck_assert_int_gt(compared, ROUNDS); /* behind the x an empty segment makes an authority: left out */
}
END_TEST

static const char *part(CURLU *handle, CURLUPart which, char out[TEXT_MAX])
{
	char *text = NULL;
	if (curl_url_get(handle, which, &text, 0) != CURLUE_OK)
		return NULL;
	snprintf(out, TEXT_MAX, "%s", text);
	curl_free(text);
	return out;
}

/* Who is the host? Where both accept an authority, both must name the same, or credentials go astray. */
START_TEST(authority_names_the_host_that_libcurl_names)
{
	static const char *const pieces[] = {"a", "b.c", "x_y", "-", ":",    "@", "80", "[::1]",
					     "[", "]",   "!",   ";", "u:p@", ".", " "};
	enum { DEPTH = 4 };
	CURLU *handle = curl_url();
	int compared = 0, total = 1;

	ck_assert_ptr_nonnull(handle);
	for (int i = 0; i < DEPTH; i++)
		total *= COUNT(pieces) + 1;
	for (int n = 0; n < total; n++) {
		char text[64] = "http://", host[TEXT_MAX], port[TEXT_MAX];
		struct uri u;
		for (int i = 0, rest = n; i < DEPTH; i++, rest /= COUNT(pieces) + 1) {
			int piece = rest % (COUNT(pieces) + 1);
			if (piece > 0)
				strcat(text, pieces[piece - 1]);
		}
		strcat(text, "/x");
		if (uri_parse_http(bytes_str(text), &u) != URI_OK ||
		    curl_url_set(handle, CURLUPART_URL, text, 0) != CURLUE_OK)
			continue;
		compared++;
		if (!part(handle, CURLUPART_HOST, host))
			ck_abort_msg("%s: libcurl finds no host", text);
		uint32_t addr; /* libcurl writes "80" as 0.0.0.80 */
		if (!uri_host_ipv4(u.host, &addr) && !bytes_equal(bytes_str(host), u.host))
			ck_abort_msg("%s: libcurl's host is %s", text, host);
		bool has_port = part(handle, CURLUPART_PORT, port);
		if (has_port ? atoi(port) != uri_port(&u) : u.port.len != 0)
			ck_abort_msg("%s: libcurl's port is %s", text, has_port ? port : "absent");
	}
	curl_url_cleanup(handle);
	ck_assert_int_gt(compared, 2000);
}
END_TEST

/* An entry of the table that fits nothing would hide a mistake of ours one day. */
START_TEST(each_deviation_is_met)
{
	char target[TEXT_MAX];
	struct pair p;

	ck_assert(resolve_pair(&p, bases[0], deviations[_i].ref, target));
	ck_assert_str_eq(deviation(&p), deviations[_i].reason);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("parser/uri and libcurl");
	TCase *tc = tcase_create("oracle");
	tcase_add_loop_test(tc, reference_resolves_as_libcurl_resolves_it, 0, COUNT(bases));
	tcase_add_loop_test(tc, walk_through_segments_ends_where_libcurl_ends, 0, COUNT(bases));
	tcase_add_test(tc, authority_names_the_host_that_libcurl_names);
	tcase_add_loop_test(tc, each_deviation_is_met, 0, COUNT(deviations));
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}

#else

int main(void)
{
	puts("skipped: no libcurl here to compare with");
	return EXIT_SUCCESS;
}

#endif
