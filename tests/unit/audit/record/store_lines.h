/* SPDX-License-Identifier: MIT
 *
 * Lines of an audit log for the tests of the store, written as the log's schema has them, and what tests ask of a
 * store again and again. */
#ifndef TESTS_STORE_LINES_H
#define TESTS_STORE_LINES_H

#include <check.h>
#include <jansson.h>
#include <stdarg.h>
#include <stdio.h>

#include "audit/record/store.h"

/* A log in memory; zero it to begin. */
struct lines {
	struct text_buf text;
	unsigned seq;
	unsigned exchange; /* the last one */
};

static inline void add_line(struct lines *l, const char *type, const char *format, ...) PRINTF(3, 4);
static inline void add_line(struct lines *l, const char *type, const char *format, ...)
{
	char head[160], members[4096];
	va_list args;

	va_start(args, format);
	ck_assert_int_lt(vsnprintf(members, sizeof(members), format, args), sizeof(members));
	va_end(args);
	l->seq++;
	snprintf(head, sizeof(head), "{\"seq\":%u,\"time\":\"2026-11-24T12:%02u:%02u.%06uZ\",\"type\":\"%s\",", l->seq,
		 l->seq / 60000 % 60, l->seq / 1000 % 60, l->seq % 1000 * 1000, type);
	text_buf_add_str(&l->text, head);
	text_buf_add_str(&l->text, members);
	TEXT_BUF_LITERAL(&l->text, ",\"prev\":\"00\"}\n");
}

static inline void add_run(struct lines *l, const char *run)
{
	l->seq = 0;
	l->exchange = 0;
	add_line(l, "run.started",
		 "\"format\":2,\"run\":\"%s\",\"version\":\"0.1.0\",\"command\":\"pytest\",\"listen\":\"127.0.0.1:1\","
		 "\"profile\":\"default\",\"workers\":1",
		 run);
}

static inline unsigned add_exchange(struct lines *l, const char *method, const char *url, const char *tag,
				    const char *client)
{
	add_line(l, "exchange",
		 "\"exchange\":%u,\"request\":{\"connection\":1,\"tag\":\"%s\",\"path\":\"proxy\",\"time\":"
		 "\"2026-11-24T12:00:00.%06uZ\",\"method\":\"%s\",\"url\":\"%s\",\"user_agent\":\"%s\",\"content\":"
		 "{\"length\":%u,\"chunked\":false,\"complete\":true}}",
		 l->exchange + 1, tag, l->exchange + 1, method, url, client, *method == 'P' ? 5 : 0);
	return ++l->exchange;
}

static inline void add_redirect(struct lines *l, unsigned redirect, unsigned chain, unsigned hop, unsigned exchange,
				int status, const char *target)
{
	add_line(
	    l, "redirect.observed",
	    "\"redirect\":%u,\"chain\":%u,\"hop\":%u,\"exchange\":%u,\"response\":{\"status\":%d,\"by_proxy\":false,"
	    "\"location\":\"%s\",\"location_count\":1},%s%s%s\"expects\":true",
	    redirect, chain, hop, exchange, status, target, *target ? "\"target\":\"" : "", target,
	    *target ? "\"," : "");
}

static inline void add_follow(struct lines *l, unsigned redirect, unsigned chain, unsigned hop, unsigned exchange,
			      unsigned follow, const char *confidence)
{
	add_line(
	    l, "redirect.followed",
	    "\"redirect\":%u,\"chain\":%u,\"hop\":%u,\"exchange\":%u,\"follow\":{\"exchange\":%u},\"match\":{"
	    "\"level\":\"E0\",\"score\":100,\"confidence\":\"%s\",\"state\":\"final\",\"latency_us\":300},\"body\":{"
	    "\"relation\":\"equal\",\"equal\":0},\"verdicts\":{\"method\":\"pass\",\"body\":\"unverifiable\"},"
	    "\"reasons\":{\"body\":\"the content was not kept\"}",
	    redirect, chain, hop, exchange, follow, confidence);
}

static inline void add_close(struct lines *l, unsigned redirect, unsigned chain, unsigned hop, const char *outcome)
{
	add_line(l, "redirect.closed", "\"redirect\":%u,\"chain\":%u,\"hop\":%u,\"outcome\":\"%s\"", redirect, chain,
		 hop, outcome);
}

static inline void add_finding(struct lines *l, unsigned chain, unsigned redirect, unsigned exchange, const char *rule,
			       const char *severity, const char *more)
{
	add_line(l, "finding",
		 "\"rule\":\"%s\",\"severity\":\"%s\",\"fault\":\"client\",\"confidence\":\"high\",\"chain\":%u,"
		 "\"redirect\":%u,\"exchange\":%u,\"message\":\"it is so\",\"source\":\"RFC 9110\"%s",
		 rule, severity, chain, redirect, exchange, more);
}

static inline void add_end(struct lines *l, unsigned chain, const char *outcome, unsigned hops, int status,
			   unsigned exchange, unsigned last)
{
	add_line(
	    l, "chain.finished",
	    "\"chain\":%u,\"outcome\":\"%s\",\"verdict\":\"none\",\"unverifiable\":0,\"hops\":%u,\"final_status\":%d,"
	    "\"elapsed_us\":%u,\"exchange\":%u,\"last\":{\"exchange\":%u,\"response\":{\"status\":%d,\"by_proxy\":"
	    "false}}",
	    chain, outcome, hops, status, chain * 1000, exchange, last, status);
}

/* GET URL -STATUS-> TARGET, followed and answered with 200, as chain and redirect `number`. */
static inline void add_chain(struct lines *l, unsigned number, const char *tag, const char *url, int status,
			     const char *target)
{
	unsigned first = add_exchange(l, "GET", url, tag, "curl/8"), second;

	add_redirect(l, number, number, 1, first, status, target);
	second = add_exchange(l, "GET", target, tag, "curl/8");
	add_follow(l, number, number, 1, first, second, "high");
	add_close(l, number, number, 1, "followed");
	add_end(l, number, "completed", 1, 200, first, second);
}

/* Feeds whole lines. */
static inline void import_text(struct store *s, struct bytes text)
{
	while (text.len > 0) {
		size_t end = bytes_find(text, '\n');

		ck_assert_msg(store_import_line(s, bytes_slice(text, 0, end)), "%s", store_error(s));
		text = bytes_slice(text, end + 1, text.len);
	}
}

static inline void import_lines(struct store *s, struct lines *l)
{
	const struct store_position start = {.file = 1};

	ck_assert(store_import_begin(s, "test.jsonl", &start));
	import_text(s, text_buf_view(&l->text));
	ck_assert_msg(store_commit(s), "%s", store_error(s));
	text_buf_free(&l->text);
}

static inline struct filter *filter_of(const char *text)
{
	struct filter_error e;
	struct filter *f = filter_parse(bytes_str(text), &e);

	ck_assert_msg(f != NULL, "%s: column %u: %s", text, e.column, e.message);
	return f;
}

typedef bool reader_fn(struct store_reader *r, const struct store_query *q, struct text_buf *out);

/* The answer as parsed JSON; json_decref() it. */
static inline json_t *ask(struct store_reader *r, reader_fn *fn, const char *filter, struct store_query q)
{
	struct filter *f = filter_of(filter);
	struct text_buf out = {0};
	json_t *answer;

	q.filter = f;
	ck_assert_msg(fn(r, &q, &out), "%s", store_reader_error(r));
	answer = json_loadb(out.ptr, out.len, 0, NULL);
	ck_assert_msg(answer != NULL, "%.*s", (int)out.len, out.ptr);
	text_buf_free(&out);
	filter_free(f);
	return answer;
}

/* One chain, whole. */
static inline json_t *ask_chain(struct store_reader *r, uint64_t id)
{
	struct text_buf out = {0};
	bool found;
	json_t *chain;

	ck_assert_msg(store_read_chain(r, id, &found, &out), "%s", store_reader_error(r));
	ck_assert(found);
	chain = json_loadb(out.ptr, out.len, 0, NULL);
	ck_assert_msg(chain != NULL, "%.*s", (int)out.len, out.ptr);
	text_buf_free(&out);
	return chain;
}

static inline struct store *open_store(const char *path, struct store_limits limits)
{
	char notice[STORE_ERROR_MAX], error[STORE_ERROR_MAX];
	struct store *s = store_open(path, &limits, notice, sizeof(notice), error, sizeof(error));

	ck_assert_msg(s != NULL, "%s", error);
	ck_assert_str_eq(notice, "");
	return s;
}

static inline struct store_reader *open_reader(const struct store *s)
{
	char error[STORE_ERROR_MAX];
	struct store_reader *r = store_reader_open(s, error, sizeof(error));

	ck_assert_msg(r != NULL, "%s", error);
	return r;
}

#endif
