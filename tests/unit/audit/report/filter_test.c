/* SPDX-License-Identifier: MIT
 *
 * The filter language: what is a filter and what it matches, what is none and what is said of it. That SQLite judges
 * likewise is tests/unit/audit/record/store_filter_test.c's. */
#include "audit/report/filter.h"

#include <stdio.h>

#include "tests/unit/audit/run_suite.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const struct filter_hop hops[] = {
    {.method = BYTES("POST"),
     .url = BYTES("http://shop.test:8080/Pay/now?id=7"),
     .target = BYTES("https://pay.test/v2/pay"),
     .status = 307,
     .outcome = OUTCOME_FOLLOWED,
     .followed = true,
     .follow_method = BYTES("POST"),
     .follow_url = BYTES("https://pay.test/v2/pay"),
     .confidence = CONFIDENCE_HIGH},
    {.method = BYTES("POST"),
     .url = BYTES("https://pay.test/v2/pay"),
     .target = BYTES("https://pay.test/done"),
     .status = 303,
     .outcome = OUTCOME_RETRIED},
};

static const struct filter_finding findings[] = {
    {.rule = BYTES("method-not-preserved"),
     .severity = SEVERITY_WARNING,
     .fault = FAULT_CLIENT,
     .confidence = CONFIDENCE_HIGH},
    {.rule = BYTES("use-303"), .severity = SEVERITY_ERROR, .fault = FAULT_SERVER, .suppressed = true},
};

/* 2026-11-24T12:30:15.250000Z */
static const struct filter_chain chain = {.id = 17,
					  .run = BYTES("b9620f1a1451dac5"),
					  .tag = BYTES("checkout"),
					  .test = BYTES("test_pay[eur]"),
					  .client = BYTES("python-requests/2.28.1"),
					  .time_us = INT64_C(1795523415250000),
					  .elapsed_us = 12500,
					  .outcome = CHAIN_NOT_FOLLOWED,
					  .verdict = SEVERITY_WARNING,
					  .unverifiable = 2,
					  .length = 2,
					  .final_status = 303,
					  .hops = hops,
					  .hop_count = COUNT(hops),
					  .findings = findings,
					  .finding_count = COUNT(findings)};

static struct filter *parsed(const char *text)
{
	struct filter_error e;
	struct filter *f = filter_parse(bytes_str(text), &e);

	ck_assert_msg(f != NULL, "%s: column %u: %s", text, e.column, e.message);
	return f;
}

static bool matches(const char *text)
{
	struct filter *f = parsed(text);
	bool result = filter_matches(f, &chain);

	filter_free(f);
	return result;
}

static const char *const matching[] = {
    "",
    "   ",
    "status=307",
    "status=303 and status=307",
    "status=3xx",
    "STATUS = 307",
    "status>303",
    "status!=308",
    "final.status=303",
    "method=post",
    "method!=GET",
    "url~/pay/NOW",
    "url=http://shop.test:8080/Pay/now?id=7",
    "host=shop.test",
    "host=pay.test",
    "host~SHOP",
    "host!~example",
    "path=/pay/now",
    "path~/v2",
    "path!~id=7",
    "target~done",
    "rule=method-not-preserved",
    "rule=use-303",
    "rule~preserved",
    "severity=warning",
    "severity>info",
    "severity!=error",
    "verdict=warning",
    "verdict>ok",
    "verdict<error",
    "verdict!=ok",
    "fault=client",
    "fault!=server",
    "outcome=not_followed",
    "outcome=not-followed",
    "outcome=retried",
    "outcome=followed",
    "outcome!=loop",
    "chain.length=2",
    "chain.length>1",
    "chain.length<1.5k",
    "chain.id=17",
    "tag=Checkout",
    "tag~check",
    "test=\"test_pay[eur]\"",
    "client~requests",
    "unverifiable>0",
    "unverifiable=yes",
    "unverifiable<=2",
    "elapsed>10ms",
    "elapsed=12.5ms",
    "elapsed=12500us",
    "elapsed<1s",
    "time>=2026-11-24",
    "time=2026",
    "time=2026-11",
    "time=2026-11-24",
    "time=2026-11-24T12",
    "time=2026-11-24T12:30",
    "time=2026-11-24T12:30:15Z",
    "time=2026-11-24T12:30:15.25Z",
    "time=2026-11-24T13:30+01:00",
    "time>2026-11-24T12:29",
    "time<2026-11-24T12:31",
    "run=B9620F1A1451DAC5",
    "suppressed=yes",
    "cross-origin=yes",
    "confidence=high",
    "confidence>=medium",
    "shop",
    "\"v2/pay\"",
    "DONE",
    "checkout",
    "use-303",
    "http://shop.test:8080/Pay/now?id=7",
    "/pay",
    "not status=301",
    "not not status=307",
    "not(status=301)",
    "status=301 or status=307",
    "status=301 and status=302 or status=307",
    "status=307 or status=301 and status=302",
    "(status=301 or status=307) and (method=POST)",
    "not status=301 and method=POST",
    "url~(status) or \"pay\"",
    "tag!=\"\"",
    "android or pay",
    "\"a\\\"b\" or \"\\\\\" or pay",
    "url~\"\"",
};

static const char *const other[] = {
    "status=301",
    "status<303",
    "status=4xx",
    "status!=307",
    "final.status=307",
    "method=GET",
    "url=http://shop.test:8080/pay",
    "host=shop",
    "host=shop.test:8080",
    "host!=pay.test",
    "host!~test",
    "path=/pay",
    "path~shop",
    "rule=method",
    "severity=error",
    "severity=info",
    "severity<warning",
    "verdict=ok",
    "verdict=error",
    "fault=server",
    "outcome=completed",
    "outcome=open",
    "chain.length>2",
    "chain.id=1",
    "tag=check",
    "tag=\"\"",
    "unverifiable=no",
    "unverifiable=0",
    "elapsed<=12ms",
    "elapsed>12500us",
    "time<2026",
    "time>2026-11-24",
    "time=2026-11-25",
    "time=2026-11-24T12:30+01:00",
    "suppressed=no",
    "cross-origin=no",
    "confidence=low",
    "confidence<high",
    "nowhere",
    "requests",
    "not (status=307 or status=301)",
    "status=307 and status=301",
    "not status=307 and method=POST",
    "not method=POST or status=301",
    "url=\"\"",
};

START_TEST(a_filter_matches_what_its_words_say)
{
	for (size_t i = 0; i < COUNT(matching); i++)
		ck_assert_msg(matches(matching[i]), "%s", matching[i]);
	for (size_t i = 0; i < COUNT(other); i++)
		ck_assert_msg(!matches(other[i]), "%s", other[i]);
}
END_TEST

static const struct {
	const char *text;
	unsigned column;
	const char *message;  /* a part of it */
	const char *possible; /* likewise */
} wrong[] = {
    {"statsu=307", 1, "there is no field \"statsu\"", "status, final.status"},
    {"status=307 and hots~shop", 16, "there is no field \"hots\"", "host"},
    {"status=", 8, "status is compared with nothing", "\"\""},
    {"status= and", 9, "status can't be \"and\"", "307"},
    {"status=abc", 8, "status can't be \"abc\"", "3xx"},
    {"status=30x", 8, "status can't be", "3xx"},
    {"status=1000", 8, "status can't be", "3xx"},
    {"status~307", 7, "status can't be compared by ~", "="},
    {"method<POST", 7, "method can't be compared by <", "~"},
    {"outcome>loop", 8, "outcome can't be compared by >", "=, !="},
    {"verdict=bad", 9, "verdict can't be \"bad\"", "ok, info, warning, error"},
    {"elapsed>500", 9, "elapsed can't be \"500\"", "10ms"},
    {"elapsed>1.s", 9, "elapsed can't be", "1.5s"},
    {"time=yesterday", 6, "time can't be", "2026-11-24"},
    {"time=2026-13", 6, "time can't be", "2026-11-24"},
    {"time=2026-11-24T25", 6, "time can't be", "2026-11-24"},
    {"time=2026-11-24x", 6, "time can't be", "2026-11-24"},
    {"suppressed=maybe", 12, "suppressed can't be", "yes, no"},
    {"chain.length=99999999999999999999", 14, "chain.length can't be", "a number"},
    {"status=307 method=GET", 12, "two terms need a word between them", "and, or"},
    {"shop pay", 6, "two terms need a word between them", "and, or"},
    {"(status=307", 1, "this parenthesis is not closed", ")"},
    {"(status=307 x)", 13, "two terms need a word", "and, or, )"},
    {"status=307)", 11, "this parenthesis was not opened", "the end"},
    {"()", 2, "nothing stands before this parenthesis", "status=307"},
    {"status=307 and", 15, "the filter ends too early", "status=307"},
    {"not", 4, "the filter ends too early", "not"},
    {"and status=307", 1, "nothing stands before \"and\"", "status=307"},
    {"status=307 or or x", 15, "nothing stands before \"or\"", "status=307"},
    {"=307", 1, "a comparison begins with a field", "status=307"},
    {"status=307 and \"x", 16, "a quoted text has no end", "\""},
    {"\xc3\xa4\xc3\xb6 or bad=1", 7, "there is no field \"bad\"", "host"},
    {"verdict!info", 8, "this is no comparison", "="},
};

START_TEST(what_is_wrong_is_told_with_its_column_and_what_could_stand_there)
{
	for (size_t i = 0; i < COUNT(wrong); i++) {
		struct filter_error e;
		struct filter *f = filter_parse(bytes_str(wrong[i].text), &e);

		ck_assert_msg(f == NULL, "%s", wrong[i].text);
		ck_assert_msg(e.column == wrong[i].column, "%s: column %u: %s", wrong[i].text, e.column, e.message);
		ck_assert_msg(strstr(e.message, wrong[i].message) != NULL, "%s: %s", wrong[i].text, e.message);
		ck_assert_msg(strstr(e.possible, wrong[i].possible) != NULL, "%s: %s", wrong[i].text, e.possible);
	}
}
END_TEST

START_TEST(an_error_points_at_its_column)
{
	const struct bytes text = BYTES("\xc3\xa4 or\tbad=1");
	struct filter_error e;
	struct text_buf out = {0};

	ck_assert_ptr_null(filter_parse(text, &e));
	filter_error_write(&out, text, &e);
	text_buf_add_char(&out, '\0');
	ck_assert_ptr_nonnull(strstr(out.ptr, "column 6: there is no field \"bad\"\n  \xc3\xa4 or bad=1\n       ^\n"));
	text_buf_free(&out);
}
END_TEST

/* "((((" or "not not ", so often, around a term. */
static bool nests(const char *open, const char *close, unsigned times)
{
	struct text_buf text = {0};
	struct filter_error e;
	struct filter *f;

	for (unsigned i = 0; i < times; i++)
		text_buf_add_str(&text, open);
	TEXT_BUF_LITERAL(&text, "status=307");
	for (unsigned i = 0; i < times; i++)
		text_buf_add_str(&text, close);
	f = filter_parse(text_buf_view(&text), &e);
	text_buf_free(&text);
	filter_free(f);
	return f != NULL;
}

static bool joins(unsigned terms)
{
	struct text_buf text = {0};
	struct filter_error e;
	struct filter *f;

	for (unsigned i = 0; i < terms; i++)
		text_buf_add_str(&text, i > 0 ? " or x" : "x");
	f = filter_parse(text_buf_view(&text), &e);
	text_buf_free(&text);
	filter_free(f);
	return f != NULL;
}

START_TEST(a_filter_is_bounded)
{
	char long_text[FILTER_TEXT_MAX + 2];
	struct filter_error e;

	ck_assert(nests("(", ")", FILTER_DEPTH_MAX));
	ck_assert(!nests("(", ")", FILTER_DEPTH_MAX + 1));
	ck_assert(nests("not ", "", FILTER_DEPTH_MAX));
	ck_assert(!nests("not ", "", FILTER_DEPTH_MAX + 1));
	ck_assert(joins(FILTER_NODES_MAX / 2));
	ck_assert(!joins(FILTER_NODES_MAX));
	memset(long_text, 'x', sizeof(long_text));
	ck_assert_ptr_null(filter_parse(bytes_of(long_text, FILTER_TEXT_MAX + 1), &e));
	ck_assert_uint_eq(e.column, FILTER_TEXT_MAX + 1);
}
END_TEST

/* Whatever a user types, it is a filter or has an error with a column in it. */
START_TEST(random_texts_are_filters_or_have_an_error)
{
	static const char *const pieces[] = {
	    "status", "=",   "307",     " ",       "and", "or",  "not", "(",         ")",  "\"",
	    "\\",     "~",   "!",       "<",       ">",   "url", "x",   "\xc3\xa4",  "\t", "2026-11-24",
	    "time",   "1ms", "elapsed", "verdict", "ok",  "-",   ".",   "confidence"};
	uint64_t random = 42;

	for (unsigned i = 0; i < 20000; i++) {
		struct text_buf text = {0};
		struct filter_error e;
		struct filter *f;

		for (unsigned n = 0; n < 12; n++) {
			random = random * 6364136223846793005u + 1442695040888963407u;
			text_buf_add_str(&text, pieces[(random >> 33) % COUNT(pieces)]);
		}
		f = filter_parse(text_buf_view(&text), &e);
		if (f)
			(void)!filter_matches(f, &chain);
		else
			ck_assert(e.column >= 1 && e.column <= text.len + 1 && e.message[0] != '\0');
		filter_free(f);
		text_buf_free(&text);
	}
}
END_TEST

int main(void)
{
	return run_suite("filter",
			 (const TTest *[]){a_filter_matches_what_its_words_say,
					   what_is_wrong_is_told_with_its_column_and_what_could_stand_there,
					   an_error_points_at_its_column, a_filter_is_bounded,
					   random_texts_are_filters_or_have_an_error, NULL},
			 NULL, NULL);
}
