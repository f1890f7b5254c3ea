/* SPDX-License-Identifier: MIT
 *
 * What may be asked of a parsed head: names, lists, hop-by-hop fields and copies. */
#include "tests/unit/parser/head_support.h"

static const struct {
	const char *name;
	enum field_id id;
} names[] = {
    {"Accept", FIELD_ACCEPT},
    {"Age", FIELD_AGE},
    {"Authorization", FIELD_AUTHORIZATION},
    {"Cache-Control", FIELD_CACHE_CONTROL},
    {"Connection", FIELD_CONNECTION},
    {"Content-Encoding", FIELD_CONTENT_ENCODING},
    {"Content-Length", FIELD_CONTENT_LENGTH},
    {"Content-Type", FIELD_CONTENT_TYPE},
    {"Cookie", FIELD_COOKIE},
    {"Date", FIELD_DATE},
    {"Expect", FIELD_EXPECT},
    {"Host", FIELD_HOST},
    {"Idempotency-Key", FIELD_IDEMPOTENCY_KEY},
    {"Keep-Alive", FIELD_KEEP_ALIVE},
    {"Location", FIELD_LOCATION},
    {"Max-Forwards", FIELD_MAX_FORWARDS},
    {"Origin", FIELD_ORIGIN},
    {"Proxy-Authorization", FIELD_PROXY_AUTHORIZATION},
    {"Proxy-Connection", FIELD_PROXY_CONNECTION},
    {"Referer", FIELD_REFERER},
    {"Retry-After", FIELD_RETRY_AFTER},
    {"Set-Cookie", FIELD_SET_COOKIE},
    {"TE", FIELD_TE},
    {"Trailer", FIELD_TRAILER},
    {"Transfer-Encoding", FIELD_TRANSFER_ENCODING},
    {"Upgrade", FIELD_UPGRADE},
    {"User-Agent", FIELD_USER_AGENT},
    {"Vary", FIELD_VARY},
    {"Via", FIELD_VIA},
};

START_TEST(every_known_name_has_its_id_in_any_case)
{
	ck_assert_int_eq(COUNT(names), FIELD_ID_COUNT - 1);
	char text[32];
	size_t len = strlen(names[_i].name);
	for (unsigned style = 0; style < 3; style++) {
		for (size_t i = 0; i < len; i++) {
			unsigned char c = (unsigned char)names[_i].name[i];
			unsigned char lower = ascii_lower(c);
			bool letter = lower >= 'a' && lower <= 'z';
			text[i] = (char)(style == 0 ? c : style == 1 || !letter ? lower : lower - 32);
		}
		struct bytes name = exact_copy(bytes_of(text, len));
		ck_assert_int_eq(field_id_of(name), names[_i].id);
		free((char *)name.ptr);
	}
}
END_TEST

/* Each byte of each name changed in each bit, and one byte more or less. */
START_TEST(a_name_that_is_nearly_known_is_another)
{
	char text[32];
	size_t len = strlen(names[_i].name);
	memcpy(text, names[_i].name, len);
	for (size_t i = 0; i < len; i++) {
		for (unsigned bit = 0; bit < 8; bit++) {
			text[i] = (char)(text[i] ^ 1 << bit);
			bool same = bytes_equal_nocase(bytes_of(text, len), bytes_str(names[_i].name));
			ck_assert_int_eq(field_id_of(bytes_of(text, len)), same ? names[_i].id : FIELD_OTHER);
			text[i] = names[_i].name[i];
		}
	}
	text[len] = 's';
	ck_assert_int_eq(field_id_of(bytes_of(text, len + 1)), FIELD_OTHER);
	ck_assert_int_eq(field_id_of(bytes_of(text, len - 1)), FIELD_OTHER);
	ck_assert_int_eq(field_id_of(BYTES("")), FIELD_OTHER);
}
END_TEST

#define REQUEST                                                                                                        \
	"GET / HTTP/1.1\r\nHost: a\r\nX-One:1\r\nAccept: text/html\r\nx-one:  2  \r\nACCEPT: */*, text/plain\r\n"      \
	"Cookie:\r\n\r\n"

static struct parsed parsed;

static void setup(void)
{
	memset(&parsed, 0xa5, sizeof(parsed)); /* nothing may be left from before */
	ck_assert_http(parse_request(&parsed, BYTES(REQUEST)), HTTP_OK);
}

START_TEST(fields_are_found_by_id_in_their_order)
{
	const struct http_head *h = &parsed.head;
	const struct http_field *f = head_find(h, FIELD_ACCEPT);
	ck_assert_ptr_nonnull(f);
	ck_assert_bytes_eq(head_value(h, f), "text/html");
	f = head_find_next(h, f);
	ck_assert_ptr_nonnull(f);
	ck_assert_bytes_eq(head_name(h, f), "ACCEPT");
	ck_assert_bytes_eq(head_value(h, f), "*/*, text/plain");
	ck_assert_ptr_null(head_find_next(h, f));
	ck_assert_ptr_null(head_find(h, FIELD_VIA));
}
END_TEST

START_TEST(a_value_that_is_empty_is_told_from_one_that_is_absent)
{
	ck_assert_ptr_nonnull(head_get(&parsed.head, FIELD_COOKIE).ptr);
	ck_assert_uint_eq(head_get(&parsed.head, FIELD_COOKIE).len, 0);
	ck_assert_ptr_null(head_get(&parsed.head, FIELD_VIA).ptr);
}
END_TEST

START_TEST(fields_without_an_id_are_found_by_name)
{
	const struct http_head *h = &parsed.head;
	const struct http_field *f = head_find_name(h, BYTES("X-ONE"));
	ck_assert_ptr_nonnull(f);
	ck_assert_bytes_eq(head_value(h, f), "1");
	ck_assert_bytes_eq(head_value(h, head_find_next(h, f)), "2");
	ck_assert_ptr_null(head_find_name(h, BYTES("X-On")));
}
END_TEST

START_TEST(a_list_is_looked_for_in_all_lines)
{
	ck_assert(head_list_has(&parsed.head, FIELD_ACCEPT, BYTES("TEXT/HTML")));
	ck_assert(head_list_has(&parsed.head, FIELD_ACCEPT, BYTES("text/plain")));
	ck_assert(!head_list_has(&parsed.head, FIELD_ACCEPT, BYTES("text")));
	ck_assert(!head_list_has(&parsed.head, FIELD_VIA, BYTES("text")));
}
END_TEST

static void check_hop_by_hop(const char *raw, const char *expected)
{
	struct parsed p;
	char got[256] = "";
	ck_assert_http(parse_request(&p, bytes_str(raw)), HTTP_OK);
	for (uint16_t i = 0; i < p.head.field_count; i++) {
		struct bytes name = head_name(&p.head, &p.fields[i]);
		if (head_is_hop_by_hop(&p.head, &p.fields[i]))
			strncat(strncat(got, name.ptr, name.len), " ", 2);
	}
	ck_assert_str_eq(got, expected);
}

START_TEST(hop_by_hop_fields_are_known_or_nominated)
{
	check_hop_by_hop("GET / HTTP/1.1\r\nHost: a\r\nAccept: b\r\n\r\n", "");
	check_hop_by_hop("GET / HTTP/1.1\r\nHost: a\r\nConnection: keep-alive\r\nKeep-Alive: 5\r\nX: y\r\n\r\n",
			 "Connection Keep-Alive ");
	check_hop_by_hop("GET / HTTP/1.1\r\nHost: a\r\nProxy-Connection: close\r\nTE: trailers\r\nUpgrade: x\r\n\r\n",
			 "Proxy-Connection TE Upgrade ");
	check_hop_by_hop("GET / HTTP/1.1\r\nHost: a\r\nX-A: 1\r\nconnection: close , x-a\r\nX-B: 2\r\n"
			 "Connection:,X-C\r\nX-C: 3\r\nX-AB: 4\r\n\r\n",
			 "X-A connection Connection X-C ");
	/* Proxy-Connection nominates nothing: it never was a standard field */
	check_hop_by_hop("GET / HTTP/1.1\r\nHost: a\r\nX-A: 1\r\nProxy-Connection: x-a\r\n\r\n", "Proxy-Connection ");
}
END_TEST

START_TEST(framing_is_not_hop_by_hop_even_where_nominated)
{
	check_hop_by_hop("POST / HTTP/1.1\r\nHost: a\r\nConnection: Transfer-Encoding, trailer, X\r\n"
			 "Transfer-Encoding: chunked\r\nTrailer: Etag\r\nX: y\r\n\r\n",
			 "Connection X ");
}
END_TEST

START_TEST(a_copy_says_the_same_when_the_original_is_gone)
{
	struct bytes raw = exact_copy(BYTES(REQUEST));
	struct parsed *p = malloc(sizeof(*p));
	ck_assert_ptr_nonnull(p);
	ck_assert_http(parse_request(p, raw), HTTP_OK);
	size_t size = http_head_copy_size(&p->head);
	void *block = malloc(size);
	ck_assert_ptr_nonnull(block);
	struct http_head copy;
	http_head_copy(&copy, block, &p->head);
	memset((char *)raw.ptr, 'X', raw.len);
	free((char *)raw.ptr);
	memset(p, 0xa5, sizeof(*p));
	free(p);

	ck_assert_uint_eq(size, copy.raw_len + copy.field_count * sizeof(struct http_field));
	ck_assert_bytes_eq(bytes_of(copy.raw, copy.raw_len), REQUEST);
	ck_assert_bytes_eq(head_method(&copy), "GET");
	ck_assert_bytes_eq(head_target(&copy), "/");
	ck_assert_int_eq(copy.field_count, 6);
	ck_assert_int_eq(copy.fields_max, 6);
	ck_assert_bytes_eq(head_get(&copy, FIELD_HOST), "a");
	ck_assert_bytes_eq(head_value(&copy, head_find_name(&copy, BYTES("x-one"))), "1");
	free(block);
}
END_TEST

START_TEST(a_head_without_fields_can_be_copied)
{
	struct parsed p;
	struct http_head copy;
	ck_assert_http(parse_request(&p, BYTES("GET / HTTP/1.0\r\n\r\n")), HTTP_OK);
	void *block = malloc(http_head_copy_size(&p.head));
	ck_assert_ptr_nonnull(block);
	http_head_copy(&copy, block, &p.head);
	ck_assert_bytes_eq(bytes_of(copy.raw, copy.raw_len), "GET / HTTP/1.0\r\n\r\n");
	ck_assert_int_eq(copy.field_count, 0);
	free(block);
}
END_TEST

static const struct {
	const char *method;
	bool safe, idempotent;
} methods[] = {
    {"GET", true, true},       {"HEAD", true, true},     {"OPTIONS", true, true}, {"TRACE", true, true},
    {"QUERY", true, true},     {"PROPFIND", true, true}, {"REPORT", true, true},  {"SEARCH", true, true},
    {"PUT", false, true},      {"DELETE", false, true},  {"POST", false, false},  {"PATCH", false, false},
    {"CONNECT", false, false}, {"get", false, false},    {"Put", false, false},   {"GETS", false, false},
    {"GE", false, false},      {"", false, false},       {"PURGE", false, false},
};

START_TEST(methods_are_safe_and_idempotent_as_registered)
{
	ck_assert_int_eq(method_is_safe(bytes_str(methods[_i].method)), methods[_i].safe);
	ck_assert_int_eq(method_is_idempotent(bytes_str(methods[_i].method)), methods[_i].idempotent);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("http_head");
	TCase *tc = tcase_create("names");
	suite_add_tcase(suite, tc);
	tcase_add_loop_test(tc, every_known_name_has_its_id_in_any_case, 0, COUNT(names));
	tcase_add_loop_test(tc, a_name_that_is_nearly_known_is_another, 0, COUNT(names));
	tcase_add_loop_test(tc, methods_are_safe_and_idempotent_as_registered, 0, COUNT(methods));
	tc = tcase_create("fields");
	suite_add_tcase(suite, tc);
	tcase_add_checked_fixture(tc, setup, NULL);
	tcase_add_test(tc, fields_are_found_by_id_in_their_order);
	tcase_add_test(tc, a_value_that_is_empty_is_told_from_one_that_is_absent);
	tcase_add_test(tc, fields_without_an_id_are_found_by_name);
	tcase_add_test(tc, a_list_is_looked_for_in_all_lines);
	tcase_add_test(tc, hop_by_hop_fields_are_known_or_nominated);
	tcase_add_test(tc, framing_is_not_hop_by_hop_even_where_nominated);
	tcase_add_test(tc, a_copy_says_the_same_when_the_original_is_gone);
	tcase_add_test(tc, a_head_without_fields_can_be_copied);
	SRunner *runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
