/* SPDX-License-Identifier: MIT */
#include "again.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>

#include "audit/record/event_copy.h"
#include "audit/record/event_json.h"
#include "audit/report/rejudge.h"

/* A line of the log stands for its event, as in a log: by its seq. */
struct again {
	struct event_writer writer;
	struct event_writer plain; /* for what is redacted already */
	char **lines;              /* owned */
	size_t count;
	size_t max;
	size_t said; /* lines that were said again */
	enum profile profile;
	const struct policy *policy;
};

static const uint8_t key[REDACTION_KEY_BYTES] = {1, 2, 3};

void again_free(struct again *g)
{
	if (!g)
		return;
	for (size_t i = 0; i < g->count; i++)
		free(g->lines[i]);
	free(g->lines);
	event_writer_free(&g->writer);
	event_writer_free(&g->plain);
	free(g);
}

static void *allocate(void *arg, size_t size)
{
	(void)arg;
	return malloc(size);
}

/* As the recorder makes it. Owned by the caller. */
static char *line_of(struct event_writer *w, const struct audit_event *e)
{
	struct event_copy *copy = event_copy_make(e, allocate, NULL);
	const struct line_facts facts = {.lost = 0};
	struct text_buf text = {0};
	ck_assert_ptr_nonnull(copy);
	event_write(w, &copy->event, &facts, &text);
	TEXT_BUF_LITERAL(&text, "}");
	text_buf_add_char(&text, 0);
	ck_assert(!text.failed);
	free(copy);
	return text.ptr;
}

static void add(struct again *g, const struct audit_event *e)
{
	if (g->count == g->max) {
		g->max = g->max ? 2 * g->max : 64;
		g->lines = realloc(g->lines, g->max * sizeof(*g->lines));
		ck_assert_ptr_nonnull(g->lines);
	}
	g->lines[g->count++] = line_of(&g->writer, e);
}

struct again *again_new(const struct audit_config *config)
{
	struct again *g = calloc(1, sizeof(*g));
	char off[POLICY_OFF_MAX];
	bool strict = config->profile == PROFILE_STRICT;
	struct audit_event e = {.type = EVENT_RUN_STARTED,
				.seq = 1,
				.run_started = {.profile = strict ? BYTES("strict") : BYTES("default"),
						.run = BYTES("0000000000000000"),
						.decided = !policy_is_empty(config->policy),
						.rules_off = policy_off(config->policy, off),
						.history = history_room(config->budget_bytes),
						.wall_us = 1764000000 * INT64_C(1000000)}};
	ck_assert_ptr_nonnull(g);
	g->profile = config->profile;
	g->policy = config->policy;
	event_writer_init(&g->writer, key);
	event_writer_init(&g->plain, NULL);
	add(g, &e);
	return g;
}

void again_event(struct again *g, const struct audit_event *e)
{
	struct audit_event behind = *e;
	behind.seq++; /* run.started was first */
	add(g, &behind);
}

/* What is said again, beside what it must be. */
struct comparison {
	struct again *g;
	const struct again *with; /* NULL: nothing is compared */
};

static void compare(void *arg, const struct audit_event *e, struct bytes line, uint64_t seq)
{
	const struct comparison *c = arg;
	size_t at = c->g->said++;
	if (!c->with)
		return;
	ck_assert_msg(at < c->with->count, "more is said than before");
	char *now = line.len > 0 ? strndup(line.ptr, line.len) : line_of(&c->g->plain, e);
	const char *was = c->with->lines[at];
	/* A line that is kept as it is has its old number. */
	const char *from = line.len > 0 ? strchr(now, ',') : now;
	if (strcmp(from, line.len > 0 ? strchr(was, ',') : was) != 0 || seq != at + 1) {
		for (size_t i = at > 12 ? at - 12 : 0; i < at; i++)
			fprintf(stderr, "        %s\n", c->with->lines[i]);
		fprintf(stderr, "live:   %s\nagain:  %s\n", was, now);
		ck_abort_msg("line %zu is another one when it is judged again", at + 1);
	}
	free(now);
}

static struct rejudge_result judge(struct again *g, const struct again *by, const struct again *with)
{
	struct comparison c = {.g = g, .with = with};
	const struct judging judging = {.profile = by->profile, .policy = by->policy, .say = compare, .arg = &c};
	struct event_reader *reader = event_reader_new();
	struct rejudge *j = rejudge_new(&judging);
	struct audit_event e;
	ck_assert(reader && j);
	g->said = 0;
	for (size_t i = 0; i < g->count; i++) {
		struct bytes line = bytes_str(g->lines[i]);
		for (size_t k = i + 1; k < g->count && strstr(g->lines[k], "\"type\":\"finding\""); k++)
			rejudge_ahead(j, bytes_str(g->lines[k]));
		enum event_read read = event_read(reader, line, &e);
		rejudge_line(j, reader, read, &e, line);
	}
	struct rejudge_result result = rejudge_result(j);
	ck_assert_uint_eq(result.partly, 0);
	ck_assert(!event_reader_failed(reader));
	if (with)
		ck_assert_uint_eq(g->said, with->count);
	rejudge_free(j);
	event_reader_free(reader);
	return result;
}

void again_check(struct again *g)
{
	ck_assert_uint_eq(judge(g, g, g).unverifiable, 0);
}

uint64_t again_check_as(struct again *g, struct again *as)
{
	uint64_t unverifiable = judge(g, as, NULL).unverifiable;
	if (unverifiable == 0)
		(void)judge(g, as, as);
	return unverifiable;
}
