/* SPDX-License-Identifier: MIT
 *
 * The property that filters rest on: memory and SQLite judge alike. Random chains are written as a log, imported, and
 * asked for by random filters; the same chains are judged in memory as they were made up, not as they were imported. */
#include "audit/record/store.h"

#include <stdlib.h>

#include "tests/unit/audit/record/store_lines.h"
#include "tests/unit/audit/run_suite.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define CHAINS 150
#define FILTERS 200
#define HOPS 4
#define FINDINGS 3
#define RUN "0123456789abcdef"

/* A chain as it was made up. */
struct made {
	struct filter_chain chain;
	struct filter_hop hops[HOPS];
	struct filter_finding findings[FINDINGS];
};

static struct made all[CHAINS];
static uint64_t random_state;

static unsigned draw(unsigned below)
{
	random_state = random_state * 6364136223846793005u + 1442695040888963407u;
	return (unsigned)(random_state >> 33) % below;
}

#define PICK(array) ((array)[draw(COUNT(array))])

static const char *const methods[] = {"GET", "POST", "Put", "M-SEARCH"};
static const char *const urls[] = {"http://shop.test/pay",
				   "http://shop.test/pay?id=1&x=%41",
				   "http://Shop.Test:8080/PAY/now",
				   "https://pay.test/",
				   "https://pay.test",
				   "https://pay.test/v2/pay#top",
				   "http://[::1]:81/a_b",
				   "http://127.0.0.1/a%25b",
				   "http://xn--bcher-kva.test/\xc3\xa4",
				   "http://h/it's",
				   "http://h/a?u=http://pay.test/"};
static const char *const tags[] = {"", "checkout", "Team A", "team-b", "t%", "\xc3\xa4"};
static const char *const tests[] = {"", "test_pay", "test_pay[eur]", "TEST"};
static const char *const agents[] = {"", "curl/8", "Mozilla/5.0 (X11)"};
static const char *const rules[] = {"method-not-preserved", "use-303", "loop", "pay-rule"};
static const int statuses[] = {301, 302, 303, 307, 308};
static const enum chain_outcome outcomes[] = {CHAIN_OPEN,         CHAIN_COMPLETED,       CHAIN_LOOP,
					      CHAIN_NOT_FOLLOWED, CHAIN_LEFT_VISIBILITY, CHAIN_ABORTED};
static const enum outcome hop_outcomes[] = {OUTCOME_OPEN, OUTCOME_NOT_FOLLOWED, OUTCOME_RETRIED,
					    OUTCOME_LEFT_VISIBILITY, OUTCOME_ABORTED};

static void make_hops(struct made *m)
{
	struct bytes method = bytes_str(PICK(methods)), url = bytes_str(PICK(urls));

	m->chain.hop_count = m->chain.length = 1 + draw(HOPS);
	for (size_t i = 0; i < m->chain.hop_count; i++) {
		struct filter_hop *h = &m->hops[i];

		*h = (struct filter_hop){.method = method,
					 .url = url,
					 .target = draw(8) ? bytes_str(PICK(urls)) : bytes_of(NULL, 0),
					 .status = PICK(statuses)};
		h->followed = i + 1 < m->chain.hop_count || draw(2);
		if (!h->followed) {
			h->outcome = PICK(hop_outcomes);
			break;
		}
		h->outcome = OUTCOME_FOLLOWED;
		h->confidence = (enum confidence)(CONFIDENCE_LOW + draw(3));
		h->follow_method = method = bytes_str(PICK(methods));
		h->follow_url = url = draw(3) && h->target.len > 0 ? h->target : bytes_str(PICK(urls));
		m->chain.unverifiable++; /* see add_follow() */
	}
}

static void make_findings(struct made *m)
{
	m->chain.finding_count = draw(FINDINGS + 1);
	for (size_t i = 0; i < m->chain.finding_count; i++) {
		struct filter_finding *f = &m->findings[i];

		*f = (struct filter_finding){.rule = bytes_str(PICK(rules)),
					     .severity = (enum severity)(SEVERITY_INFO + draw(3)),
					     .fault = FAULT_CLIENT,
					     .confidence = CONFIDENCE_HIGH,
					     .suppressed = draw(4) == 0};
		if (!f->suppressed && f->severity > m->chain.verdict)
			m->chain.verdict = f->severity;
	}
}

static void make_chain(struct made *m, uint64_t id)
{
	*m = (struct made){.chain = {.id = id,
				     .run = BYTES(RUN),
				     .tag = bytes_str(PICK(tags)),
				     .test = bytes_str(PICK(tests)),
				     .client = bytes_str(PICK(agents)),
				     .outcome = PICK(outcomes),
				     .hops = m->hops,
				     .findings = m->findings}};
	make_hops(m);
	make_findings(m);
	if (m->chain.outcome == CHAIN_OPEN) {
		m->chain.test = bytes_of(NULL, 0); /* the end of a chain tells these */
		return;
	}
	m->chain.final_status = draw(2) ? 200 : 404;
	m->chain.elapsed_us = (int64_t)id * 1000; /* see add_end() */
}

/* The chain as a log tells it. `redirect` is the last number given. */
static void write_chain(struct lines *l, struct made *m, unsigned *redirect)
{
	const struct filter_chain *c = &m->chain;
	unsigned number = (unsigned)c->id, first = 0, last = 0;

	for (unsigned i = 0; i < c->hop_count; i++) {
		const struct filter_hop *h = &m->hops[i];
		unsigned exchange =
		    i == 0 ? add_exchange(l, h->method.ptr, h->url.ptr, c->tag.ptr, c->client.ptr) : last;

		++*redirect;
		if (i == 0) {
			first = exchange;
			m->chain.time_us = INT64_C(1795521600000000) + exchange;
		}
		add_redirect(l, *redirect, number, i + 1, exchange, h->status, h->target.len > 0 ? h->target.ptr : "");
		last = exchange;
		if (h->followed) {
			last = add_exchange(l, h->follow_method.ptr, h->follow_url.ptr, c->tag.ptr, c->client.ptr);
			add_follow(l, *redirect, number, i + 1, exchange, last, confidence_text(h->confidence));
		}
		if (h->outcome != OUTCOME_OPEN)
			add_close(l, *redirect, number, i + 1, outcome_text(h->outcome));
	}
	for (size_t i = 0; i < c->finding_count; i++)
		add_finding(l, number, *redirect, first, m->findings[i].rule.ptr,
			    severity_text(m->findings[i].severity),
			    m->findings[i].suppressed
				? ",\"suppressed\":true,\"suppressed_by\":\"a:1\",\"suppressed_reason\":\"known\""
				: "");
	if (c->outcome == CHAIN_OPEN)
		return;
	add_line(l, "chain.finished",
		 "\"chain\":%u,\"outcome\":\"%s\",\"verdict\":\"none\",\"unverifiable\":0,\"hops\":%u,\"test\":\"%s\","
		 "\"final_status\":%d,\"elapsed_us\":%u,\"exchange\":%u,\"last\":{\"exchange\":%u}",
		 number, chain_outcome_text(c->outcome), c->length, c->test.len > 0 ? c->test.ptr : "", c->final_status,
		 number * 1000, first, last);
}

/* --- random filters --- */

static const char *const text_fields[] = {"method", "url", "host", "path",   "target",
					  "rule",   "tag", "test", "client", "run"};
static const char *const text_values[] = {"pay",       "PAY",
					  "shop.test", "\"\"",
					  "GET",       "\"Team A\"",
					  "_",         "%",
					  "'",         "/pay",
					  "[::1]",     "http://shop.test/pay",
					  "use-303",   "test_pay",
					  "checkout",  "\xc3\xa4",
					  "/",         "curl/8",
					  "\"a_b\"",   "0123456789ABCDEF",
					  "?",         "https://pay.test",
					  "t"};
static const char *const text_operators[] = {"=", "!=", "~", "!~"};
static const char *const orders[] = {"=", "!=", "<", "<=", ">", ">="};
static const struct {
	const char *field;
	const char *values[8];
	bool ordered;
} numbers[] = {
    {"status", {"301", "302", "303", "307", "308", "3xx", "200"}, true},
    {"final.status", {"200", "404", "2xx", "307"}, true},
    {"severity", {"info", "warning", "error"}, true},
    {"verdict", {"ok", "info", "warning", "error"}, true},
    {"confidence", {"low", "medium", "high"}, true},
    {"fault", {"client", "server", "none"}, false},
    {"outcome",
     {"completed", "loop", "not_followed", "left-visibility", "aborted", "open", "followed", "retried"},
     false},
    {"chain.length", {"1", "2", "3", "4"}, true},
    {"chain.id", {"1", "7", "100", "0.2k"}, true},
    {"unverifiable", {"0", "1", "2", "yes", "no"}, true},
    {"elapsed", {"0s", "1ms", "50ms", "0.1s", "1h"}, true},
    {"time", {"2026-11-24", "2026-11-24T12:00:00.0005", "2025", "2026-11-24T12:00:00.000100Z"}, true},
    {"suppressed", {"yes", "no"}, false},
    {"cross-origin", {"yes", "no"}, false},
};

static void add_word(struct text_buf *t, const char *word)
{
	text_buf_add_str(t, word);
}

static void random_number(struct text_buf *t)
{
	unsigned row = draw(COUNT(numbers)), values = 0;

	while (values < 8 && numbers[row].values[values])
		values++;
	add_word(t, numbers[row].field);
	add_word(t, numbers[row].ordered ? PICK(orders) : orders[draw(2)]);
	add_word(t, numbers[row].values[draw(values)]);
}

static void random_term(struct text_buf *t, unsigned depth)
{
	unsigned kind = draw(depth > 0 ? 10 : 7);

	if (kind < 3) {
		add_word(t, PICK(text_fields));
		add_word(t, PICK(text_operators));
		add_word(t, PICK(text_values));
	} else if (kind < 6) {
		random_number(t);
	} else if (kind == 6) {
		add_word(t, draw(2) ? "pay" : "\"e\"");
	} else if (kind == 7) {
		add_word(t, "not ");
		random_term(t, depth - 1);
	} else {
		add_word(t, "(");
		random_term(t, depth - 1);
		add_word(t, draw(2) ? " and " : " or ");
		random_term(t, depth - 1);
		add_word(t, ")");
	}
}

static unsigned tried[2]; /* by what memory said: both happen */

/* The chains that the store gives are those that memory gives, and all of them. */
static void check_filter(struct store_reader *r, const char *text)
{
	json_t *answer = ask(r, store_read_chains, text, (struct store_query){.order = STORE_OLDEST, .limit = CHAINS});
	const json_t *list = json_object_get(answer, "chains");
	struct filter *f = filter_of(text);
	size_t at = 0;

	for (unsigned i = 0; i < CHAINS; i++) {
		json_int_t id = json_integer_value(json_object_get(json_array_get(list, at), "chain"));
		bool in_store = id == (json_int_t)all[i].chain.id, in_memory = filter_matches(f, &all[i].chain);

		ck_assert_msg(in_store == in_memory, "chain %u, %s: store %d, memory %d", i + 1, text, in_store,
			      in_memory);
		at += in_store;
		tried[in_memory]++;
	}
	ck_assert_uint_eq(json_array_size(list), at);
	ck_assert_int_eq(json_integer_value(json_object_get(answer, "total")), at);
	filter_free(f);
	json_decref(answer);
}

START_TEST(memory_and_sqlite_judge_alike)
{
	struct store *s = open_store(NULL, (struct store_limits){0});
	struct store_reader *r = open_reader(s);
	struct lines l = {0};
	unsigned redirect = 0;

	random_state = 7;
	add_run(&l, RUN);
	for (unsigned i = 0; i < CHAINS; i++) {
		make_chain(&all[i], i + 1);
		write_chain(&l, &all[i], &redirect);
	}
	import_lines(s, &l);
	check_filter(r, "");
	for (unsigned i = 0; i < FILTERS; i++) {
		struct text_buf text = {0};

		random_term(&text, 4);
		text_buf_add_char(&text, '\0');
		ck_assert(!text.failed);
		check_filter(r, text.ptr);
		text_buf_free(&text);
	}
	ck_assert_uint_gt(tried[0], FILTERS);
	ck_assert_uint_gt(tried[1], FILTERS);
	store_reader_free(r);
	store_close(s);
}
END_TEST

int main(void)
{
	return run_suite("store_filter", (const TTest *[]){memory_and_sqlite_judge_alike, NULL}, NULL, NULL);
}
