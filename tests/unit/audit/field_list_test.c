/* SPDX-License-Identifier: MIT
 *
 * audit/field_list: what is kept of a head's fields and how it is found again. */
#include "audit/field_list.h"

#include <stdio.h>
#include <stdlib.h>

#include "parser/http_parser.h"
#include "run_suite.h"

static struct field_list *kept(const char *fields)
{
	static const struct http_limits limits = {
	    .target_max = 100, .field_max = 60000, .head_max = 200000, .fields_max = 200};
	struct http_field room[200];
	struct http_head head = {.fields = room, .fields_max = 200};
	char *raw;

	ck_assert_int_ge(asprintf(&raw, "GET / HTTP/1.1\r\nHost: a\r\n%s\r\n", fields), 0);
	ck_assert_int_eq(http_parse_request(bytes_str(raw), &limits, &head), HTTP_OK);
	struct field_list *l = field_list_make(&head);
	free(raw);
	ck_assert_ptr_nonnull(l);
	return l;
}

static bool is(struct bytes b, const char *text)
{
	return bytes_equal(b, bytes_str(text));
}

START_TEST(what_a_rule_reads_is_kept_in_lower_case_and_nothing_else)
{
	struct field_list *l = kept("ACCEPT: x\r\nX-Other: y\r\nUser-Agent: z\r\nX-My-Token: t\r\nSec-CH-UA: u\r\n");

	ck_assert_int_eq(l->count, 4); /* Host too */
	ck_assert(is(field_get(l, "accept"), "x"));
	ck_assert(is(field_get(l, "x-my-token"), "t"));
	ck_assert(is(field_get(l, "sec-ch-ua"), "u"));
	ck_assert_ptr_null(field_get(l, "x-other").ptr);
	ck_assert(!l->incomplete);
	free(l);
}
END_TEST

START_TEST(each_cookie_is_an_item_and_short_ones_say_so)
{
	struct field_list *l = kept("Cookie: a=1234567; bb=12345678;; c\r\nCookie: d=\r\n");
	static const struct {
		const char *pair;
		bool is_short;
	} cookies[] = {{"a=1234567", true}, {"bb=12345678", false}, {"c", true}, {"d=", true}};
	const struct field_item *f = NULL;

	for (unsigned i = 0; i < 4; i++) {
		f = field_next(l, "cookie", f);
		ck_assert_ptr_nonnull(f);
		ck_assert(is(field_value(l, f), cookies[i].pair));
		ck_assert_int_eq((f->notes & FIELD_NOTE_SHORT) != 0, cookies[i].is_short);
	}
	ck_assert_ptr_null(field_next(l, "cookie", f));
	free(l);
}
END_TEST

START_TEST(credentials_are_marked_and_what_only_looks_like_one_is_not)
{
	struct field_list *l =
	    kept("Authorization: Bearer t\r\nCookie: a=12345678\r\nX-Api-Key: k\r\nX-My-Secret: s\r\n"
		 "Idempotency-Key: i\r\nProxy-Authorization: Basic p\r\nAccept: x\r\n");
	static const struct {
		const char *name;
		bool is_credential;
	} fields[] = {{"authorization", true}, {"cookie", true},           {"x-api-key", true},
		      {"x-my-secret", true},   {"idempotency-key", false}, {"proxy-authorization", false},
		      {"accept", false}};

	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
		const struct field_item *f = field_next(l, fields[i].name, NULL);
		ck_assert_msg(f, "%s is not kept", fields[i].name);
		ck_assert_int_eq((f->notes & FIELD_NOTE_CREDENTIAL) != 0, fields[i].is_credential);
	}
	free(l);
}
END_TEST

/* As logs have them, where any text may stand for a name. */
START_TEST(names_that_no_rule_reads_stand_in_the_list_themselves)
{
	static const char *const names[] = {"x-anything", "", "a", "access-control-allow-credentials-and-more"};
	struct field_list *l = field_list_new(5, 200);

	for (size_t i = 0; i < 4; i++)
		field_list_add(l, bytes_str(names[i]), BYTES("v"), 0);
	field_list_add(l, BYTES("vary"), BYTES(""), 0);
	for (size_t i = 0; i < 4; i++) {
		const struct field_item *f = field_next(l, names[i], NULL);
		ck_assert_ptr_eq(f, &l->items[i]);
		ck_assert(is(field_name(l, f), names[i]));
		ck_assert(is(field_value(l, f), "v"));
	}
	ck_assert(field_has(l, "vary"));
	ck_assert(!field_has(l, "via"));
	ck_assert_ptr_nonnull(field_get(l, "vary").ptr);
	free(l);
}
END_TEST

/* A rule that asks for a field which is not kept would never fire: looks at what the sources ask for. */
START_TEST(every_field_that_a_rule_asks_for_is_kept)
{
	static const char *const calls[] = {"field_next(", "field_get(", "field_has(", "field_list_has("};
	FILE *sources = popen("cat " SOURCE_DIR "/audit/*.c " SOURCE_DIR "/audit/rules/*.c", "r");
	char line[400];
	unsigned asked = 0;

	ck_assert_ptr_nonnull(sources);
	while (fgets(line, sizeof(line), sources)) {
		char name[64];
		char field[80];
		const char *call = NULL;
		for (size_t i = 0; i < 4 && !call; i++)
			call = strstr(line, calls[i]);
		if (!call || sscanf(call, "%*[a-z_](%*[^,\n\"], \"%63[a-z0-9-]\"", name) != 1)
			continue;
		snprintf(field, sizeof(field), "%s: 1\r\n",
			 strcmp(name, "host") == 0 ? "accept" : name); /* Host is there */
		struct field_list *l = kept(field);
		ck_assert_msg(field_has(l, name), "%s is not kept", name);
		free(l);
		asked++;
	}
	ck_assert_int_eq(pclose(sources), 0);
	ck_assert_uint_gt(asked, 50);
}
END_TEST

START_TEST(long_values_are_cut_and_too_many_make_the_list_incomplete)
{
	char fields[60000] = "";
	char value[FIELD_VALUE_MAX + 100];

	memset(value, 'v', sizeof(value) - 1);
	value[sizeof(value) - 1] = 0;
	for (unsigned i = 0; i < 20; i++)
		snprintf(fields + strlen(fields), sizeof(fields) - strlen(fields), "Accept: %s\r\n", value);
	struct field_list *l = kept(fields);
	const struct field_item *f = field_next(l, "accept", NULL);
	ck_assert_uint_eq(f->value_len, FIELD_VALUE_MAX);
	ck_assert(f->notes & FIELD_NOTE_CUT);
	ck_assert(l->incomplete);
	ck_assert_int_lt(l->count, 20);
	free(l);
}
END_TEST

START_TEST(lists_and_directives_are_found_over_several_lines)
{
	struct field_list *l = kept("Cache-Control: public\r\nCache-Control: Max-Age=\"60\", no-store\r\n");
	struct bytes argument;

	ck_assert(field_list_has(l, "cache-control", BYTES("no-store")));
	ck_assert(field_list_has(l, "cache-control", BYTES("max-age")));
	ck_assert(!field_list_has(l, "cache-control", BYTES("private")));
	ck_assert(field_directive(l, "cache-control", "max-age", &argument));
	ck_assert(is(argument, "60"));
	ck_assert(field_directive(l, "cache-control", "public", &argument));
	ck_assert_uint_eq(argument.len, 0);
	ck_assert(!field_directive(l, "cache-control", "s-maxage", &argument));
	free(l);
}
END_TEST

START_TEST(an_idempotency_key_is_found_by_any_of_its_names)
{
	struct field_list *l = kept("X-Idempotency-Key: k\r\n");

	ck_assert(is(field_value(l, field_idempotency_key(l)), "k"));
	free(l);
	l = kept("Request-Id: k\r\n");
	ck_assert_ptr_null(field_idempotency_key(l));
	free(l);
	ck_assert_ptr_null(field_idempotency_key(NULL));
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {
	    what_a_rule_reads_is_kept_in_lower_case_and_nothing_else,
	    each_cookie_is_an_item_and_short_ones_say_so,
	    credentials_are_marked_and_what_only_looks_like_one_is_not,
	    names_that_no_rule_reads_stand_in_the_list_themselves,
	    every_field_that_a_rule_asks_for_is_kept,
	    long_values_are_cut_and_too_many_make_the_list_incomplete,
	    lists_and_directives_are_found_over_several_lines,
	    an_idempotency_key_is_found_by_any_of_its_names,
	    NULL,
	};
	return run_suite("field lists", tests, NULL, NULL);
}
