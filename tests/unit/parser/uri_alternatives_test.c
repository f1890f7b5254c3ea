/* SPDX-License-Identifier: MIT
 *
 * The wrong targets that clients were seen to compute (RULES §5, E3), and that nothing is called wrong that is not. */
#include "tests/unit/parser/uri_support.h"

#define COUNT(table) ((int)(sizeof(table) / sizeof((table)[0])))

/* What uri_alternatives() told, kept beyond its calls. */
struct told {
	char target[URI_ALT_COUNT][TEXT_MAX]; /* empty: not told */
	int count;
	int stop_after; /* 0: never */
};

static bool remember(void *arg, enum uri_alternative why, struct bytes target)
{
	struct told *told = arg;
	ck_assert_int_lt(why, URI_ALT_COUNT);
	ck_assert_str_eq(told->target[why], "");
	as_text(target, told->target[why]);
	return ++told->count != told->stop_after;
}

/* The scratch is exactly as large as the header asks, and on the heap, so that ASan sees one byte too much. */
static void ask(const char *base_text, struct bytes location, struct told *told)
{
	size_t room = 8 * (strlen(base_text) + location.len) + 256;
	struct uri_buf scratch = {.ptr = malloc(room), .max = room};
	struct uri base = parsed(base_text);

	ck_assert_ptr_nonnull(scratch.ptr);
	uri_alternatives(&base, location, &scratch, remember, told);
	ck_assert_uint_eq(scratch.len, 0);
	free(scratch.ptr);
}

static const struct {
	enum uri_alternative why;
	const char *base, *location, *target;
} seen[] = {
    /* urllib3 and the JDK on "café" as UTF-8: caf%C3%83%C2%A9 on the wire */
    {URI_ALT_MOJIBAKE, "http://a/", "/e/caf\xc3\xa9", "http://a/e/caf\xc3\x83\xc2\xa9"},
    {URI_ALT_MOJIBAKE, "http://a/", "/?q=caf\xe9", "http://a/?q=caf\xc3\xa9"},
    {URI_ALT_MOJIBAKE, "http://a/x/y", "\xff", "http://a/x/\xc3\xbf"},
    /* node on "café" as Latin-1 */
    {URI_ALT_REPLACEMENT, "http://a/", "/caf\xe9", "http://a/caf\xef\xbf\xbd"},
    {URI_ALT_REPLACEMENT, "http://a/", "/?\xe2\x82x\xf0\x9f", "http://a/?\xef\xbf\xbdx\xef\xbf\xbd"},
    {URI_ALT_DOUBLE_ENCODED, "http://a/", "/a%20b?c%2Fd", "http://a/a%2520b?c%252Fd"},
    {URI_ALT_DOUBLE_ENCODED, "http://a/", "/%20%", "http://a/%2520%"},
    /* browsers */
    {URI_ALT_BACKSLASH, "http://a/x", "/b\\c", "http://a/b/c"},
    {URI_ALT_BACKSLASH, "http://a/x", "/\\evil.example/y", "http://evil.example/y"},
    {URI_ALT_BACKSLASH, "http://a/x", "\\\\evil.example", "http://evil.example"},
    {URI_ALT_BACKSLASH, "http://a/x", "http:\\\\evil.example\\y", "http://evil.example/y"},
    {URI_ALT_BACKSLASH, "http://a/x", "http://evil.example\\@good.example/y", "http://evil.example/@good.example/y"},
    {URI_ALT_BACKSLASH, "http://a/x", "/b\\c?d\\e", "http://a/b/c?d\\e"},
    /* the same Location to a client that knows RFC 3986 only: another host */
    {URI_ALT_BACKSLASH_ESCAPED, "http://a/x", "http://evil.example\\@good.example/y",
     "http://evil.example%5C@good.example/y"},
    {URI_ALT_BASE_ROOT, "http://a/x/y", "b", "http://a/b"},
    {URI_ALT_BASE_ROOT, "http://a/x/y", "?q", "http://a/?q"},
    {URI_ALT_BASE_ROOT, "http://a/x/y/z", "../b?q", "http://a/b?q"},
    {URI_ALT_BASE_DIRECTORY, "http://a/x/y", "b", "http://a/x/y/b"},
    {URI_ALT_BASE_DIRECTORY, "http://a/x/y", "../b", "http://a/x/b"},
    {URI_ALT_BASE_DIRECTORY, "http://a/raw/x", "?e=1", "http://a/raw/x/?e=1"},
    /* the JDK: ?e=1 from /raw/ID/x asks for /raw/ID/?e=1 */
    {URI_ALT_QUERY_MERGE, "http://a/raw/ID/x", "?e=1", "http://a/raw/ID/?e=1"},
    {URI_ALT_QUERY_MERGE, "http://a/raw/x?f", "?e=1", "http://a/raw/?e=1"},
    {URI_ALT_FRAGMENT_KEPT, "http://a/", "/p#f", "http://a/p%23f"},
    {URI_ALT_FRAGMENT_KEPT, "http://a/", "/p?q#f", "http://a/p?q%23f"},
    {URI_ALT_QUERY_DROPPED, "http://a/", "/p?q", "http://a/p"},
    {URI_ALT_QUERY_DROPPED, "http://a/p?q", "?r", "http://a/p"},
    {URI_ALT_QUERY_APPENDED, "http://a/p?q", "/r", "http://a/r?q"},
    {URI_ALT_QUERY_APPENDED, "http://a/p?q", "https://b/r", "https://b/r?q"},
    {URI_ALT_SCHEME_KEPT, "http://a/", "https://b/c", "http://b/c"},
    {URI_ALT_SCHEME_KEPT, "https://a/", "http://b:8080/c", "https://b:8080/c"},
    {URI_ALT_PORT_KEPT, "http://a:8080/", "http://b/c", "http://b:8080/c"},
    {URI_ALT_PORT_KEPT, "http://a:8080/", "//b/c", "http://b:8080/c"},
    {URI_ALT_PORT_KEPT, "http://a/", "https://a/c", "https://a:80/c"},
    {URI_ALT_PORT_KEPT, "http://a:8080/", "http://u:p@[::1]:90/c", "http://[::1]:8080/c"},
    {URI_ALT_RESERVED_DECODED, "http://a/", "/a%2Fb", "http://a/a/b"},
    {URI_ALT_RESERVED_DECODED, "http://a/", "/p?u=http%3A%2F%2Fb%2F%3Fx%26y%20z", "http://a/p?u=http://b/?x&y%20z"},
    /* browsers and curl, where there is no host */
    {URI_ALT_SLASHES_REPAIRED, "http://a/", "http:/b/c?d", "http://b/c?d"},
    {URI_ALT_SLASHES_REPAIRED, "http://a/", "HTTPS:////b/c#d", "HTTPS://b/c"},
    {URI_ALT_SLASHES_REPAIRED, "http://a/", "https:b", "https://b"},
    {URI_ALT_SCHEME_IGNORED, "http://a/x/y", "http:/b/c", "http://a/b/c"},
    {URI_ALT_SCHEME_IGNORED, "http://a/x/y", "http:b?c", "http://a/x/b?c"},
};

START_TEST(mistake_leads_to_this_target)
{
	struct told told = {.count = 0};
	ask(seen[_i].base, bytes_str(seen[_i].location), &told);
	ck_assert_str_eq(told.target[seen[_i].why], seen[_i].target);
}
END_TEST

/* RULES' example is what the client sends: with the encoding that it adds, equal at E2. */
START_TEST(urllib3_cafe_equals_the_mojibake_target)
{
	char bytes[TEXT_MAX];
	struct uri_buf scratch = {.ptr = bytes, .max = sizeof(bytes)};
	struct told told = {.count = 0};

	ask("http://a/", BYTES("/e/caf\xc3\xa9"), &told);
	struct bytes mojibake = bytes_str(told.target[URI_ALT_MOJIBAKE]);
	ck_assert_int_eq(uri_compare(mojibake, BYTES("http://a/e/caf%C3%83%C2%A9"), &scratch), URI_E2);
	ck_assert_int_eq(uri_compare(mojibake, BYTES("http://a/e/caf%c3%a9"), &scratch), URI_DIFFERENT);
}
END_TEST

static const struct {
	const char *base, *location;
} unambiguous[] = {
    {"http://a/x", "/"},
    {"http://a/x", "http://a/y"},
    {"http://a/", "b"},
    {"http://a/x/", "/y/z/"},
    {"http://a/x", ""},
    {"http://a/x", "  /y\t"},
    {"http://a/x", "/./y/../z"}, /* dots left in are equal at E1 */
    {"http://a:80/x", "//b:80/y"},
    {"http://a/x?", "/y"}, /* nothing to append */
    {"http://a/x", "/y?"}, /* nothing to drop */
    {"http://a/x", "/caf"},
    {"http://a/x", "mailto:b@c"},
    {"http://a/x", "ftp://b/c%2Fd?e"},
    {"http://a/x", "http://[::1/y"},
    {"http://a/x", "http://b:port/y?z"},
    {"http://a/x", "/y\x01z\\?q"},
};

START_TEST(location_that_leaves_no_choice_has_no_alternative)
{
	struct told told = {.count = 0};
	ask(unambiguous[_i].base, bytes_str(unambiguous[_i].location), &told);
	ck_assert_int_eq(told.count, 0);
}
END_TEST

START_TEST(a_scheme_is_ignored_only_where_it_is_that_of_the_base)
{
	struct told told = {.count = 0};
	ask("https://a/x", BYTES("http:/b"), &told);
	ck_assert_int_eq(told.count, 1);
	ck_assert_str_eq(told.target[URI_ALT_SLASHES_REPAIRED], "http://b");
}
END_TEST

START_TEST(white_space_around_the_location_is_not_part_of_it)
{
	struct told told = {.count = 0};
	ask("http://a/x", BYTES(" \t/y?z \t"), &told);
	ck_assert_str_eq(told.target[URI_ALT_QUERY_DROPPED], "http://a/y");
	ck_assert_int_eq(told.count, 1);
}
END_TEST

START_TEST(callback_can_stop)
{
	struct told all = {.count = 0}, first = {.stop_after = 1};
	ask("http://a:8080/x/y?q", BYTES("https://b/%2Fcaf\xe9\\c?d#f"), &all);
	ck_assert_int_gt(all.count, 5);
	ask("http://a:8080/x/y?q", BYTES("https://b/%2Fcaf\xe9\\c?d#f"), &first);
	ck_assert_int_eq(first.count, 1);
}
END_TEST

/* The contents that grow most, long enough that the slack of 256 bytes does not hide a wrong factor. */
START_TEST(promised_scratch_suffices_for_the_worst_location)
{
	static const struct {
		enum uri_alternative why;
		const char *base, *fill;
		size_t growth; /* bytes of target for each byte of fill */
	} worst[] = {
	    {URI_ALT_MOJIBAKE, "http://a/", "\xff", 2},
	    {URI_ALT_REPLACEMENT, "http://a/", "\xff", 3},
	    {URI_ALT_QUERY_DROPPED, "http://a/?q", "?", 0},
	    {URI_ALT_BASE_DIRECTORY, "http://a/b/c", "\xff", 1},
	};
	enum { FILL = 1000 };
	char location[FILL];
	struct told told = {.count = 0};

	memset(location, worst[_i].fill[0], FILL);
	ask(worst[_i].base, bytes_of(location, FILL), &told);
	ck_assert_uint_gt(strlen(told.target[worst[_i].why]), worst[_i].growth * FILL);
}
END_TEST

/* With less room some are not told; those that are told are told rightly. The second pair has alternatives that equal
 * the right target at E1 and E2, which must not be told because there was no room to see it. */
START_TEST(too_small_scratch_tells_less_and_nothing_wrong)
{
	static const char *const bases_and_locations[][2] = {
	    {"http://a:8080/x/y?q", "https://b/%2Fcaf\xe9\\c/./?d e#f"},
	    {"http://a/x/y?q", "//b/e\\f?"},
	};
	const char *base_text = bases_and_locations[_i][0];
	struct bytes location = bytes_str(bases_and_locations[_i][1]);
	struct told all = {.count = 0};
	struct uri base = parsed(base_text);
	size_t enough = 8 * (strlen(base_text) + location.len) + 256;

	ask(base_text, location, &all);
	ck_assert_int_gt(all.count, 0);
	for (size_t room = 0; room <= enough; room++) {
		struct told some = {.count = 0};
		struct uri_buf scratch = {.ptr = malloc(room + 1), .max = room};
		ck_assert_ptr_nonnull(scratch.ptr);
		uri_alternatives(&base, location, &scratch, remember, &some);
		free(scratch.ptr);
		for (int a = 0; a < URI_ALT_COUNT; a++) {
			if (some.target[a][0])
				ck_assert_str_eq(some.target[a], all.target[a]);
		}
		ck_assert(room < enough || some.count == all.count);
	}
}
END_TEST

START_TEST(every_alternative_names_its_cause)
{
	for (int a = 0; a < URI_ALT_COUNT; a++) {
		const char *text = uri_alternative_text((enum uri_alternative)a);
		ck_assert_ptr_nonnull(text);
		ck_assert_uint_gt(strlen(text), 0);
	}
	ck_assert_ptr_nonnull(uri_alternative_text(URI_ALT_COUNT));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("parser/uri_alternatives");
	TCase *tc = tcase_create("alternatives");
	tcase_add_loop_test(tc, mistake_leads_to_this_target, 0, COUNT(seen));
	tcase_add_test(tc, urllib3_cafe_equals_the_mojibake_target);
	tcase_add_loop_test(tc, location_that_leaves_no_choice_has_no_alternative, 0, COUNT(unambiguous));
	tcase_add_test(tc, a_scheme_is_ignored_only_where_it_is_that_of_the_base);
	tcase_add_test(tc, white_space_around_the_location_is_not_part_of_it);
	tcase_add_test(tc, callback_can_stop);
	tcase_add_loop_test(tc, promised_scratch_suffices_for_the_worst_location, 0, 4);
	tcase_add_loop_test(tc, too_small_scratch_tells_less_and_nothing_wrong, 0, 2);
	tcase_add_test(tc, every_alternative_names_its_cause);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
