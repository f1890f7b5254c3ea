/* SPDX-License-Identifier: MIT
 *
 * The review store: what becomes of a log's lines, late ones and revisions among them; pages, facets and tallies;
 * limits; files that are not ours. Logs as files are store_follow_test.c's, filters store_filter_test.c's. */
#include "audit/record/store.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sqlite3.h>

#include "tests/unit/audit/record/store_lines.h"
#include "tests/unit/audit/run_suite.h"
#include "tests/unit/audit/scratch.h"

#define RUN_A "aaaaaaaaaaaaaaaa"
#define RUN_B "bbbbbbbbbbbbbbbb"
#define FIRST UINT64_C(1000000001) /* chain 1 of the first run */

static struct scratch scratch;
static struct store *store;
static struct store_reader *reader;
static struct lines l;

static void begin(void)
{
	scratch_begin(&scratch);
	l = (struct lines){0};
	store = open_store(NULL, (struct store_limits){0});
	reader = open_reader(store);
}

static void end(void)
{
	text_buf_free(&l.text);
	store_reader_free(reader);
	store_close(store);
	scratch_end(&scratch);
}

static json_int_t number(const json_t *object, const char *name)
{
	return json_integer_value(json_object_get(object, name));
}

static const char *text(const json_t *object, const char *name)
{
	const char *value = json_string_value(json_object_get(object, name));

	return value ? value : "";
}

static const json_t *item(const json_t *object, const char *list, size_t i)
{
	return json_array_get(json_object_get(object, list), i);
}

static size_t count(const json_t *object, const char *list)
{
	return json_array_size(json_object_get(object, list));
}

/* POST /a -307-> GET /b in chain 1: two exchanges, and a finding about the second. */
static void add_rewritten(void)
{
	add_run(&l, RUN_A);
	add_exchange(&l, "POST", "http://a.test/a", "t", "curl/8");
	add_redirect(&l, 1, 1, 1, 1, 307, "http://a.test/b");
	add_exchange(&l, "GET", "http://a.test/b", "t", "curl/8");
	add_follow(&l, 1, 1, 1, 1, 2, "low");
	add_finding(&l, 1, 1, 2, "method-not-preserved", "error", "");
}

START_TEST(a_chain_is_told_whole)
{
	json_t *chain;
	const json_t *hop, *finding;

	add_rewritten();
	add_close(&l, 1, 1, 1, "followed");
	add_end(&l, 1, "completed", 1, 200, 1, 2);
	import_lines(store, &l);
	chain = ask_chain(reader, FIRST);
	ck_assert_int_eq(number(chain, "id"), FIRST);
	ck_assert_str_eq(text(chain, "run"), RUN_A);
	ck_assert_str_eq(text(chain, "time"), "2026-11-24T12:00:00.000001Z");
	ck_assert_str_eq(text(chain, "method"), "POST");
	ck_assert_str_eq(text(chain, "host"), "a.test");
	ck_assert_str_eq(text(chain, "verdict"), "error");
	ck_assert_str_eq(text(chain, "outcome"), "completed");
	ck_assert_str_eq(text(chain, "tag"), "t");
	ck_assert_int_eq(number(chain, "final_status"), 200);
	ck_assert_int_eq(number(chain, "unverifiable"), 1);
	ck_assert_int_eq(number(chain, "line"), 3);
	ck_assert_ptr_nonnull(strstr(text(chain, "curl"), "--url 'http://a.test/a'"));
	hop = item(chain, "hop_list", 0);
	ck_assert_int_eq(number(json_object_get(hop, "request"), "status"), 307);
	ck_assert_int_eq(number(json_object_get(hop, "follow"), "status"), 200);
	ck_assert_str_eq(text(json_object_get(hop, "verdicts"), "body"), "unverifiable");
	ck_assert_str_eq(text(json_object_get(hop, "reasons"), "body"), "the content was not kept");
	ck_assert_str_eq(text(item(hop, "changes", 0), "what"), "method");
	ck_assert_str_eq(text(item(hop, "changes", 0), "kind"), "changed");
	ck_assert_str_eq(text(item(hop, "changes", 1), "kind"), "lost");
	finding = item(chain, "finding_list", 0);
	ck_assert_str_eq(text(finding, "rule"), "method-not-preserved");
	ck_assert_int_eq(number(finding, "hop"), 1);
	ck_assert_int_eq(number(finding, "line"), 6);
	ck_assert_str_ne(text(finding, "explanation"), "");
	json_decref(chain);
}
END_TEST

/* Another exchange is taken for the follow-up: what was found about the first one goes. */
static void add_revision(void)
{
	add_exchange(&l, "POST", "http://a.test/b", "t", "curl/8");
	add_line(&l, "match.revised", "\"redirect\":1,\"from\":2,\"to\":%u", l.exchange);
	add_follow(&l, 1, 1, 1, 1, l.exchange, "high");
}

static void check_revised(void)
{
	json_t *chain = ask_chain(reader, FIRST);
	const json_t *hop = item(chain, "hop_list", 0);

	ck_assert_str_eq(text(chain, "verdict"), "ok");
	ck_assert_uint_eq(count(chain, "finding_list"), 0);
	ck_assert_uint_eq(count(chain, "hop_list"), 1);
	ck_assert_str_eq(text(json_object_get(hop, "follow"), "method"), "POST");
	ck_assert_str_eq(text(json_object_get(hop, "match"), "confidence"), "high");
	json_decref(chain);
}

START_TEST(a_revised_match_takes_back_what_was_found)
{
	add_rewritten();
	add_revision();
	import_lines(store, &l);
	check_revised();
}
END_TEST

/* So many chains after it that it is long out of memory. */
START_TEST(a_late_revision_finds_its_chain_in_the_database)
{
	add_rewritten();
	add_close(&l, 1, 1, 1, "followed");
	add_end(&l, 1, "completed", 1, 200, 1, 2);
	for (unsigned i = 2; i < 2500; i++)
		add_chain(&l, i, "t", "http://a.test/x", 302, "http://a.test/y");
	add_revision();
	import_lines(store, &l);
	ck_assert_uint_eq(store_progress(store).chains, 2499);
	check_revised();
}
END_TEST

START_TEST(a_hop_moves_to_the_chain_that_its_chain_was_split_into)
{
	json_t *chain;

	add_run(&l, RUN_A);
	add_exchange(&l, "GET", "http://a.test/1", "t", "curl/8");
	add_redirect(&l, 1, 1, 1, 1, 302, "http://a.test/2");
	add_exchange(&l, "GET", "http://a.test/2", "t", "curl/8");
	add_follow(&l, 1, 1, 1, 1, 2, "low");
	add_redirect(&l, 2, 1, 2, 2, 302, "http://a.test/3");
	add_line(&l, "match.revised", "\"redirect\":1,\"from\":2,\"to\":0");
	add_close(&l, 1, 1, 1, "not_followed");
	add_close(&l, 2, 2, 1, "not_followed");
	import_lines(store, &l);
	chain = ask_chain(reader, FIRST);
	ck_assert_uint_eq(count(chain, "hop_list"), 1);
	ck_assert_int_eq(number(chain, "hops"), 1);
	ck_assert(json_is_null(json_object_get(item(chain, "hop_list", 0), "follow")));
	json_decref(chain);
	chain = ask_chain(reader, FIRST + 1);
	ck_assert_str_eq(text(json_object_get(item(chain, "hop_list", 0), "request"), "url"), "http://a.test/2");
	json_decref(chain);
}
END_TEST

START_TEST(an_endless_chain_is_kept_in_part)
{
	json_t *chain;

	add_run(&l, RUN_A);
	add_exchange(&l, "GET", "http://a.test/0", "t", "curl/8");
	for (unsigned i = 1; i <= 1000; i++) {
		add_redirect(&l, i, 1, i, i, 302, "http://a.test/n");
		add_exchange(&l, "GET", "http://a.test/n", "t", "curl/8");
		add_follow(&l, i, 1, i, i, i + 1, "high");
		add_finding(&l, 1, i, i, "redirect-chain", "warning", "");
	}
	import_lines(store, &l);
	chain = ask_chain(reader, FIRST);
	ck_assert_int_eq(number(chain, "hops"), 1000);
	ck_assert_uint_eq(count(chain, "hop_list"), 256);
	ck_assert_uint_eq(count(chain, "finding_list"), 256);
	ck_assert_int_eq(number(item(chain, "hop_list", 0), "hop"), 1);
	ck_assert_int_eq(number(item(chain, "hop_list", 255), "hop"), 1000);
	json_decref(chain);
}
END_TEST

static void add_three(const char *run)
{
	add_run(&l, run);
	add_chain(&l, 1, "t", "http://a.test/1", 301, "http://a.test/x");
	add_chain(&l, 2, "u", "http://b.test/2", 307, "http://c.test/x");
	add_finding(&l, 2, 2, 3, "use-303", "warning", "");
	add_finding(&l, 2, 2, 3, "redirect-chain", "info", "");
	add_chain(&l, 3, "t", "http://a.test/3", 307, "http://a.test/x");
	add_finding(&l, 3, 3, 5, "use-303", "error", ",\"suppressed\":true,\"suppressed_by\":\"team.ignore:1\"");
}

START_TEST(runs_are_kept_apart_and_one_that_comes_again_replaces_itself)
{
	json_t *answer;

	for (unsigned i = 0; i < 2; i++) {
		add_three(RUN_A);
		import_lines(store, &l);
	}
	add_three(RUN_B);
	import_lines(store, &l);
	answer = ask(reader, store_read_chains, "", (struct store_query){.limit = 10});
	ck_assert_int_eq(number(answer, "total"), 6);
	ck_assert_int_eq(number(item(answer, "chains", 0), "id"), 2000000003);
	ck_assert_int_eq(number(item(answer, "chains", 5), "id"), FIRST);
	json_decref(answer);
	answer = ask(reader, store_read_findings, "run=" RUN_A, (struct store_query){.limit = 10});
	ck_assert_int_eq(number(answer, "total"), 3);
	json_decref(answer);
}
END_TEST

START_TEST(lines_that_are_no_events_of_ours_are_passed_over)
{
	json_t *answer;

	add_run(&l, RUN_A);
	TEXT_BUF_LITERAL(&l.text, "\n{}\nnonsense\n{\"seq\":9,\"type\":\"future\",\"x\":1}\n");
	add_finding(&l, 0, 0, 0, "loop", "error", "");
	add_line(&l, "finding", "\"rule\":\"loop\",\"severity\":\"error\",\"chain\":99999999999");
	add_chain(&l, 1, "t", "http://a.test/1", 301, "http://a.test/x");
	import_lines(store, &l);
	answer = ask(reader, store_read_chains, "", (struct store_query){.limit = 10});
	ck_assert_int_eq(number(answer, "total"), 1);
	json_decref(answer);
}
END_TEST

START_TEST(a_log_of_another_format_is_refused)
{
	const struct store_position start = {.file = 1};

	ck_assert(store_import_begin(store, "test.jsonl", &start));
	ck_assert(!store_import_line(
	    store, BYTES("{\"seq\":1,\"time\":\"2026-11-24T12:00:00.000000Z\",\"type\":\"run.started\","
			 "\"format\":9,\"run\":\"" RUN_A "\"}")));
	ck_assert_ptr_nonnull(strstr(store_error(store), "format 9"));
}
END_TEST

static void check_order(enum store_order order, unsigned a, unsigned b, unsigned c)
{
	json_t *answer = ask(reader, store_read_chains, "", (struct store_query){.order = order, .limit = 10});

	ck_assert_int_eq(number(item(answer, "chains", 0), "chain"), a);
	ck_assert_int_eq(number(item(answer, "chains", 1), "chain"), b);
	ck_assert_int_eq(number(item(answer, "chains", 2), "chain"), c);
	json_decref(answer);
}

START_TEST(pages_have_an_order_an_offset_and_a_limit)
{
	json_t *answer;

	add_three(RUN_A);
	import_lines(store, &l);
	check_order(STORE_NEWEST, 3, 2, 1);
	check_order(STORE_OLDEST, 1, 2, 3);
	check_order(STORE_WORST, 2, 3, 1);
	check_order(STORE_SLOWEST, 3, 2, 1);
	check_order(STORE_LONGEST, 3, 2, 1);
	answer = ask(reader, store_read_chains, "status=307", (struct store_query){.offset = 1, .limit = 1});
	ck_assert_int_eq(number(answer, "total"), 2);
	ck_assert_int_eq(number(answer, "offset"), 1);
	ck_assert_uint_eq(count(answer, "chains"), 1);
	ck_assert_int_eq(number(item(answer, "chains", 0), "chain"), 2);
	json_decref(answer);
	answer = ask(reader, store_read_chains, "tag=t", (struct store_query){.after = FIRST, .limit = 10});
	ck_assert_int_eq(number(answer, "total"), 1);
	json_decref(answer);
}
END_TEST

START_TEST(findings_are_told_in_pages_with_their_chain)
{
	json_t *answer;

	add_three(RUN_A);
	import_lines(store, &l);
	answer = ask(reader, store_read_findings, "", (struct store_query){.offset = 1, .limit = 1});
	ck_assert_int_eq(number(answer, "total"), 3);
	ck_assert_uint_eq(count(answer, "findings"), 1);
	ck_assert_str_eq(text(item(answer, "findings", 0), "rule"), "use-303");
	ck_assert_str_eq(text(item(answer, "findings", 0), "severity"), "warning");
	ck_assert_int_eq(number(item(answer, "findings", 0), "chain"), FIRST + 1);
	ck_assert_str_eq(text(item(answer, "findings", 0), "url"), "http://b.test/2");
	json_decref(answer);
}
END_TEST

/* The count of a value in a facet; 0 where it is not there. */
static json_int_t facet(const json_t *answer, const char *name, const char *value)
{
	const json_t *values = json_object_get(answer, name);

	for (size_t i = 0; i < json_array_size(values); i++) {
		if (strcmp(text(json_array_get(values, i), "value"), value) == 0)
			return number(json_array_get(values, i), "count");
	}
	return 0;
}

START_TEST(facets_count_chains_by_what_they_have)
{
	json_t *answer;

	add_three(RUN_A);
	import_lines(store, &l);
	answer = ask(reader, store_read_facets, "", (struct store_query){0});
	ck_assert_int_eq(facet(answer, "host", "a.test"), 2);
	ck_assert_int_eq(facet(answer, "host", "c.test"), 1);
	ck_assert_int_eq(facet(answer, "status", "307"), 2);
	ck_assert_int_eq(facet(answer, "rule", "use-303"), 2);
	ck_assert_int_eq(facet(answer, "tag", "t"), 2);
	ck_assert_int_eq(facet(answer, "client", "curl/8"), 3);
	ck_assert_int_eq(facet(answer, "verdict", "ok"), 2);
	ck_assert_int_eq(facet(answer, "verdict", "warning"), 1);
	ck_assert_int_eq(facet(answer, "outcome", "completed"), 3);
	ck_assert_str_eq(text(item(answer, "host", 0), "value"), "a.test");
	json_decref(answer);
	answer = ask(reader, store_read_facets, "tag=u", (struct store_query){0});
	ck_assert_int_eq(facet(answer, "host", "a.test"), 0);
	ck_assert_int_eq(facet(answer, "host", "b.test"), 1);
	json_decref(answer);
}
END_TEST

START_TEST(a_facet_tells_its_most_frequent_values_only)
{
	json_t *answer;
	char url[40];

	add_run(&l, RUN_A);
	for (unsigned i = 1; i <= 600; i++) {
		snprintf(url, sizeof(url), "http://h%u.test/", i <= 300 ? i : 299);
		add_chain(&l, i, "t", url, 302, "http://all.test/");
	}
	import_lines(store, &l);
	answer = ask(reader, store_read_facets, "", (struct store_query){0});
	ck_assert_uint_eq(count(answer, "host"), STORE_FACET_VALUES);
	ck_assert_int_eq(number(item(answer, "host", 0), "count"), 600);
	ck_assert_int_eq(facet(answer, "host", "h299.test"), 301);
	json_decref(answer);
}
END_TEST

START_TEST(tags_and_tallies_count_findings)
{
	struct text_buf out = {0};
	struct store_tally t;
	struct filter *f = filter_of("tag=u");
	struct store_run run;
	json_t *tags;

	add_three(RUN_A);
	import_lines(store, &l);
	ck_assert(store_read_tally(reader, &(struct store_query){.filter = f}, &t));
	ck_assert_uint_eq(t.chains, 1);
	ck_assert_uint_eq(t.open, 0);
	ck_assert_uint_eq(t.findings[SEVERITY_WARNING], 1);
	ck_assert_uint_eq(t.findings[SEVERITY_INFO], 1);
	ck_assert_int_eq(t.verdict, SEVERITY_WARNING);
	ck_assert_uint_eq(t.newest, FIRST + 1);
	filter_free(f);
	ck_assert(store_read_tally(reader, &(struct store_query){0}, &t));
	ck_assert_uint_eq(t.findings[SEVERITY_NONE], 1);
	ck_assert(store_read_tags(reader, &out));
	tags = json_loadb(out.ptr, out.len, 0, NULL);
	ck_assert_uint_eq(count(tags, "tags"), 2);
	ck_assert_str_eq(text(item(tags, "tags", 1), "verdict"), "warning");
	ck_assert_int_eq(number(item(tags, "tags", 0), "chains"), 2);
	json_decref(tags);
	text_buf_free(&out);
	ck_assert(store_read_run(reader, &run));
	ck_assert_str_eq(run.run, RUN_A);
	ck_assert_uint_eq(run.exchanges, 6);
	ck_assert(!run.finished);
	ck_assert_uint_eq(run.seq, store_progress(store).seq);
}
END_TEST

/* --- limits --- */

static void add_many(unsigned from, unsigned to)
{
	char url[64];

	for (unsigned i = from; i <= to; i++) {
		snprintf(url, sizeof(url), "http://a.test/%u", i);
		add_chain(&l, i, "t", url, 302, "http://a.test/y");
	}
}

START_TEST(past_its_size_the_oldest_chains_go)
{
	const struct store_position start = {.file = 1};
	const char *path = scratch_path(&scratch, "limited.db");
	struct store *s = open_store(path, (struct store_limits){.bytes_max = 512 << 10});
	struct store_reader *r = open_reader(s);
	json_t *answer;
	json_int_t total;

	add_run(&l, RUN_A);
	ck_assert(store_import_begin(s, "test.jsonl", &start));
	for (unsigned i = 0; i < 20; i++) {
		add_many(i * 100 + 1, i * 100 + 100);
		import_text(s, text_buf_view(&l.text));
		text_buf_cut(&l.text, 0);
		ck_assert(store_commit(s));
	}
	answer = ask(r, store_read_chains, "", (struct store_query){.limit = 1000});
	total = number(answer, "total");
	ck_assert_int_gt(total, 100);
	ck_assert_int_lt(total, 1500);
	ck_assert_int_eq(number(item(answer, "chains", 0), "chain"), 2000);
	ck_assert_int_eq(number(item(answer, "chains", (size_t)total < 1000 ? (size_t)total - 1 : 999), "chain"),
			 total < 1000 ? 2001 - total : 1001);
	json_decref(answer);
	/* What is said late of one that is gone brings nothing back. */
	add_finding(&l, 1, 1, 1, "loop", "error", "");
	import_text(s, text_buf_view(&l.text));
	ck_assert(store_commit(s));
	answer = ask(r, store_read_chains, "chain.id=1", (struct store_query){.limit = 1});
	ck_assert_int_eq(number(answer, "total"), 0);
	json_decref(answer);
	/* What was shared by them went too. */
	answer = ask(r, store_read_facets, "", (struct store_query){0});
	ck_assert_int_eq(facet(answer, "host", "a.test"), total);
	json_decref(answer);
	store_reader_free(r);
	store_close(s);
}
END_TEST

static json_int_t total_of(struct store_reader *r, const char *filter)
{
	json_t *answer = ask(r, store_read_chains, filter, (struct store_query){.limit = 1});
	json_int_t total = number(answer, "total");

	json_decref(answer);
	return total;
}

/* The reader keeps what it knows of a filter; rows that it knows go, and their numbers may be given again. */
START_TEST(a_filter_that_is_asked_again_knows_what_came_and_what_went)
{
	const struct store_position start = {.file = 1};
	struct store *s = open_store(NULL, (struct store_limits){.age_max_us = 3600 * INT64_C(1000000)});
	struct store_reader *r = open_reader(s);

	add_run(&l, RUN_A);
	ck_assert(store_import_begin(s, "test.jsonl", &start));
	ck_assert_int_eq(total_of(r, "url~/old"), 0);
	add_chain(&l, 1, "t", "http://a.test/old/1", 302, "http://a.test/y");
	import_text(s, text_buf_view(&l.text));
	ck_assert(store_commit(s));
	ck_assert_int_eq(total_of(r, "url~/old"), 1);
	text_buf_cut(&l.text, 0);
	add_chain(&l, 2, "t", "http://a.test/old/2", 302, "http://a.test/y");
	import_text(s, text_buf_view(&l.text));
	ck_assert(store_commit(s));
	ck_assert_int_eq(total_of(r, "url~/old"), 2);
	ck_assert_int_eq(total_of(r, "url~/new"), 0);
	text_buf_cut(&l.text, 0);
	add_line(
	    &l, "exchange",
	    "\"exchange\":%u,\"request\":{\"connection\":1,\"path\":\"proxy\",\"time\":\"2026-11-24T15:00:00."
	    "000000Z\",\"method\":\"GET\",\"url\":\"http://a.test/new\",\"content\":{\"length\":0,\"chunked\":false,"
	    "\"complete\":true}}",
	    ++l.exchange);
	add_redirect(&l, 3, 3, 1, l.exchange, 302, "http://a.test/y");
	TEXT_BUF_LITERAL(&l.text,
			 "{\"seq\":99,\"time\":\"2026-11-24T15:00:01.000000Z\",\"type\":\"mark\",\"name\":\"\"}\n");
	import_text(s, text_buf_view(&l.text));
	ck_assert(store_commit(s)); /* the first two are too old now */
	text_buf_cut(&l.text, 0);
	ck_assert_int_eq(total_of(r, ""), 1);
	ck_assert_int_eq(total_of(r, "url~/old"), 0);
	ck_assert_int_eq(total_of(r, "url~/new"), 1);
	add_line(&l, "mark", "\"name\":\"\"");
	add_chain(&l, 4, "t", "http://a.test/old/4", 302, "http://a.test/y");
	import_text(s, text_buf_view(&l.text));
	ck_assert(store_commit(s));
	ck_assert_int_eq(total_of(r, "url~/new"), 1);
	store_reader_free(r);
	store_close(s);
}
END_TEST

START_TEST(past_their_age_chains_go)
{
	struct store *s = open_store(NULL, (struct store_limits){.age_max_us = 60 * 1000000});
	struct store_reader *r = open_reader(s);
	json_t *answer;

	add_run(&l, RUN_A);
	add_many(1, 3);
	for (unsigned i = 4; i <= 6; i++) { /* an hour later */
		add_line(
		    &l, "exchange",
		    "\"exchange\":%u,\"request\":{\"connection\":1,\"path\":\"proxy\",\"time\":\"2026-11-24T13:00:00."
		    "000000Z\",\"method\":\"GET\",\"url\":\"http://a.test/"
		    "\",\"content\":{\"length\":0,\"chunked\":false,"
		    "\"complete\":true}}",
		    ++l.exchange);
		add_redirect(&l, i, i, 1, l.exchange, 302, "http://a.test/y");
	}
	TEXT_BUF_LITERAL(&l.text,
			 "{\"seq\":999,\"time\":\"2026-11-24T13:00:01.000000Z\",\"type\":\"mark\",\"name\":\"\"}\n");
	import_lines(s, &l);
	answer = ask(r, store_read_chains, "", (struct store_query){.limit = 10});
	ck_assert_int_eq(number(answer, "total"), 3);
	ck_assert_int_eq(number(item(answer, "chains", 2), "chain"), 4);
	json_decref(answer);
	store_reader_free(r);
	store_close(s);
}
END_TEST

/* --- files --- */

static char notice[STORE_ERROR_MAX], error[STORE_ERROR_MAX];

static struct store *try_open(const char *path)
{
	return store_open(path, NULL, notice, sizeof(notice), error, sizeof(error));
}

START_TEST(a_store_is_found_again_with_what_was_in_it)
{
	const char *path = scratch_path(&scratch, "kept.db");
	struct store *s = open_store(path, (struct store_limits){0});
	struct store_reader *r;
	struct store_position p;
	json_t *chain;

	add_rewritten();
	import_lines(s, &l);
	store_close(s);
	s = open_store(path, (struct store_limits){0});
	ck_assert_uint_eq(store_progress(s).chains, 1);
	p = store_position(s, "test.jsonl");
	ck_assert_uint_eq(p.lines, 6);
	ck_assert_uint_eq(p.file, 1);
	ck_assert(store_import_begin(s, "test.jsonl", &p));
	add_close(&l, 1, 1, 1, "followed");
	add_finding(&l, 1, 1, 1, "loop", "warning", "");
	import_text(s, text_buf_view(&l.text));
	ck_assert(store_commit(s));
	r = open_reader(s);
	chain = ask_chain(r, FIRST);
	ck_assert_uint_eq(count(chain, "finding_list"), 2);
	ck_assert_str_eq(text(item(chain, "hop_list", 0), "outcome"), "followed");
	ck_assert_str_eq(text(json_object_get(item(chain, "hop_list", 0), "request"), "method"), "POST");
	ck_assert_uint_gt(count(item(chain, "hop_list", 0), "changes"), 0);
	json_decref(chain);
	store_reader_free(r);
	store_close(s);
}
END_TEST

START_TEST(a_store_is_filled_by_one_at_a_time)
{
	const char *path = scratch_path(&scratch, "one.db");
	struct store *s = open_store(path, (struct store_limits){0});

	ck_assert_ptr_null(try_open(path));
	ck_assert_ptr_nonnull(strstr(error, "another hopaudit fills it"));
	store_close(s);
	s = try_open(path);
	ck_assert_ptr_nonnull(s);
	store_close(s);
}
END_TEST

static void write_bytes(const char *path, off_t at, const char *bytes, size_t n)
{
	int fd = open(path, O_WRONLY | O_CREAT, 0600);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(pwrite(fd, bytes, n, at), (ssize_t)n);
	close(fd);
}

START_TEST(what_is_no_store_is_left_as_it_is)
{
	const char *path = scratch_path(&scratch, "notes.txt"), *other = scratch_path(&scratch, "other.db");
	char *folder = scratch.folder;
	char back[64] = {0};
	sqlite3 *db;
	FILE *file;

	write_bytes(path, 0, "my notes, which are no database", 31);
	ck_assert_ptr_null(try_open(path));
	ck_assert_ptr_nonnull(strstr(error, "no store of hopaudit's"));
	file = fopen(path, "r");
	ck_assert_ptr_nonnull(file);
	ck_assert_uint_eq(fread(back, 1, sizeof(back), file), 31);
	fclose(file);
	ck_assert_str_eq(back, "my notes, which are no database");
	ck_assert_int_eq(sqlite3_open(other, &db), SQLITE_OK);
	ck_assert_int_eq(sqlite3_exec(db, "CREATE TABLE t(x); INSERT INTO t VALUES(7)", NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(db);
	ck_assert_ptr_null(try_open(other));
	ck_assert_ptr_nonnull(strstr(error, "no store of hopaudit's"));
	ck_assert_ptr_null(try_open(folder));
	ck_assert_ptr_nonnull(strstr(error, "directory"));
	ck_assert_ptr_null(try_open("/nowhere/store.db"));
	ck_assert_ptr_nonnull(strstr(error, "No such file"));
}
END_TEST

static void fill(const char *path)
{
	struct store *s = open_store(path, (struct store_limits){0});

	add_run(&l, RUN_A);
	add_many(1, 500);
	import_lines(s, &l);
	store_close(s);
}

static void check_made_anew(const char *path, const char *why)
{
	struct store *s = try_open(path);

	ck_assert_msg(s != NULL, "%s", error);
	ck_assert_msg(strstr(notice, why) && strstr(notice, "made anew"), "%s", notice);
	ck_assert_uint_eq(store_progress(s).chains, 0);
	add_rewritten();
	import_lines(s, &l);
	ck_assert_uint_eq(store_progress(s).chains, 1);
	store_close(s);
}

START_TEST(a_damaged_store_of_ours_is_made_anew)
{
	static char rubbish[64 << 10];
	const char *path = scratch_path(&scratch, "damaged.db");

	fill(path);
	memset(rubbish, 0x5a, sizeof(rubbish));
	write_bytes(path, 4096, rubbish, sizeof(rubbish));
	check_made_anew(path, "damaged");
	ck_assert_int_eq(truncate(path, 5000), 0);
	check_made_anew(path, "damaged");
}
END_TEST

START_TEST(a_store_of_another_version_is_made_anew)
{
	const char *path = scratch_path(&scratch, "version.db");
	sqlite3 *db;

	fill(path);
	ck_assert_int_eq(sqlite3_open(path, &db), SQLITE_OK);
	ck_assert_int_eq(sqlite3_exec(db, "PRAGMA user_version=99", NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(db);
	check_made_anew(path, "another version");
}
END_TEST

START_TEST(a_temporary_store_leaves_nothing)
{
	char path[256];
	struct store *s = open_store(NULL, (struct store_limits){0});
	struct stat st;

	snprintf(path, sizeof(path), "%s", store_path(s));
	ck_assert_int_eq(stat(path, &st), 0);
	ck_assert_uint_eq(st.st_mode & 0777, 0600);
	add_rewritten();
	import_lines(s, &l);
	store_close(s);
	ck_assert_int_ne(stat(path, &st), 0);
	*strrchr(path, '/') = '\0';
	ck_assert_int_ne(stat(path, &st), 0);
}
END_TEST

/* --- readers beside the importer --- */

static atomic_bool reading = true;

static void *read_on(void *arg)
{
	json_int_t last = 0;

	(void)arg;
	while (atomic_load(&reading)) {
		json_t *answer = ask(reader, store_read_chains, "host=a.test", (struct store_query){.limit = 10});
		json_int_t total = number(answer, "total");

		ck_assert_int_ge(total, last); /* never half of a commit */
		ck_assert_int_eq(total % 20, 0);
		ck_assert_uint_le(store_progress(store).chains % 20, 0);
		last = total;
		json_decref(answer);
	}
	return NULL;
}

START_TEST(readers_see_whole_commits_while_more_is_imported)
{
	const struct store_position start = {.file = 1};
	pthread_t thread;

	add_run(&l, RUN_A);
	ck_assert(store_import_begin(store, "test.jsonl", &start));
	ck_assert_int_eq(pthread_create(&thread, NULL, read_on, NULL), 0);
	for (unsigned i = 0; i < 50; i++) {
		add_many(i * 20 + 1, i * 20 + 20);
		import_text(store, text_buf_view(&l.text));
		text_buf_cut(&l.text, 0);
		ck_assert_msg(store_commit(store), "%s", store_error(store));
	}
	atomic_store(&reading, false);
	pthread_join(thread, NULL);
	ck_assert_uint_eq(store_progress(store).chains, 1000);
	ck_assert_uint_eq(store_progress(store).changes, 50);
}
END_TEST

int main(void)
{
	return run_suite("store",
			 (const TTest *[]){a_chain_is_told_whole,
					   a_revised_match_takes_back_what_was_found,
					   a_late_revision_finds_its_chain_in_the_database,
					   a_hop_moves_to_the_chain_that_its_chain_was_split_into,
					   an_endless_chain_is_kept_in_part,
					   runs_are_kept_apart_and_one_that_comes_again_replaces_itself,
					   lines_that_are_no_events_of_ours_are_passed_over,
					   a_log_of_another_format_is_refused,
					   pages_have_an_order_an_offset_and_a_limit,
					   findings_are_told_in_pages_with_their_chain,
					   facets_count_chains_by_what_they_have,
					   a_facet_tells_its_most_frequent_values_only,
					   tags_and_tallies_count_findings,
					   past_its_size_the_oldest_chains_go,
					   past_their_age_chains_go,
					   a_filter_that_is_asked_again_knows_what_came_and_what_went,
					   a_store_is_found_again_with_what_was_in_it,
					   a_store_is_filled_by_one_at_a_time,
					   what_is_no_store_is_left_as_it_is,
					   a_damaged_store_of_ours_is_made_anew,
					   a_store_of_another_version_is_made_anew,
					   a_temporary_store_leaves_nothing,
					   readers_see_whole_commits_while_more_is_imported,
					   NULL},
			 begin, end);
}
