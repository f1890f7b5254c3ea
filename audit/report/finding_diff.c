/* SPDX-License-Identifier: MIT */
#include "audit/report/finding_diff.h"

#include "audit/record/event_json.h"
#include "audit/rules/rules.h"

/* Everything it views stands behind it. */
struct kept {
	struct kept *next;
	uint64_t chain;
	uint64_t redirect;
	uint64_t exchange;
	struct told_finding told;
	char text[];
};

/* Findings of one event come together: those that were recorded before the next line that is none, those that are made
 * now before the next event. So both lists are compared, and emptied, whenever something else is said. */
struct finding_diff {
	finding_changed *changed;
	void *arg;
	struct event_writer writer;
	struct text_buf line;
	struct kept *before; /* owned; in their order */
	struct kept *now;
	uint64_t counts[FINDING_CHANGES];
	bool failed; /* memory was short */
};

struct finding_diff *finding_diff_new(finding_changed *changed, void *arg)
{
	struct finding_diff *d = calloc(1, sizeof(*d));

	if (!d)
		return NULL;
	d->changed = changed;
	d->arg = arg;
	event_writer_init(&d->writer, NULL);
	return d;
}

static struct kept *take_first(struct kept **list)
{
	struct kept *k = *list;

	*list = k->next;
	return k;
}

void finding_diff_free(struct finding_diff *d)
{
	if (!d)
		return;
	while (d->before)
		free(take_first(&d->before));
	while (d->now)
		free(take_first(&d->now));
	event_writer_free(&d->writer);
	text_buf_free(&d->line);
	free(d);
}

static struct bytes copy(char **to, struct bytes b)
{
	struct bytes copied = bytes_of(*to, b.len);

	if (b.len > 0)
		memcpy(*to, b.ptr, b.len);
	*to += b.len;
	*(*to)++ = 0;
	return copied;
}

static void keep(struct finding_diff *d, struct kept **list, const struct event_finding *f)
{
	const struct audit_event e = {.type = EVENT_FINDING, .finding = *f};
	const struct line_facts facts = {.lost = 0};
	struct bytes rule = bytes_str(f->rule->id);
	struct kept *k;
	char *to;

	text_buf_cut(&d->line, 0);
	event_write(&d->writer, &e, &facts, &d->line);
	k = calloc(1, sizeof(*k) + rule.len + f->method.len + f->url.len + f->message.len + d->line.len + 5);
	if (!k || d->line.failed) {
		d->failed = true;
		free(k);
		return;
	}
	k->chain = f->chain;
	k->redirect = f->redirect;
	k->exchange = f->exchange;
	to = k->text;
	k->told = (struct told_finding){.rule = copy(&to, rule).ptr,
					.severity = f->severity,
					.suppressed = f->suppressed_by.len > 0,
					.method = copy(&to, f->method),
					.url = copy(&to, f->url),
					.message = copy(&to, f->message),
					.line = copy(&to, text_buf_view(&d->line)).ptr};
	while (*list)
		list = &(*list)->next;
	*list = k;
}

static bool is_same(const struct kept *a, const struct kept *b)
{
	return strcmp(a->told.line, b->told.line) == 0;
}

/* The same rule about the same thing. */
static bool is_about_same(const struct kept *a, const struct kept *b)
{
	return a->chain == b->chain && a->redirect == b->redirect && a->exchange == b->exchange &&
	       strcmp(a->told.rule, b->told.rule) == 0;
}

static void tell(struct finding_diff *d, enum finding_change change, struct kept *before, struct kept *now)
{
	d->counts[change]++;
	if (change != FINDING_SAME && d->changed)
		d->changed(d->arg, change, before ? &before->told : NULL, now ? &now->told : NULL);
	free(before);
	free(now);
}

/* Takes the pairs out of both lists. */
static void pair(struct finding_diff *d, enum finding_change change,
		 bool (*fits)(const struct kept *, const struct kept *))
{
	for (struct kept **b = &d->before; *b;) {
		struct kept **n = &d->now;

		while (*n && !fits(*b, *n))
			n = &(*n)->next;
		if (*n)
			tell(d, change, take_first(b), take_first(n));
		else
			b = &(*b)->next;
	}
}

static void compare(struct finding_diff *d)
{
	pair(d, FINDING_SAME, is_same);
	pair(d, FINDING_CHANGED, is_about_same);
	while (d->before)
		tell(d, FINDING_GONE, take_first(&d->before), NULL);
	while (d->now)
		tell(d, FINDING_NEW, NULL, take_first(&d->now));
}

static void said(void *arg, const struct audit_event *e, struct bytes line, uint64_t seq)
{
	struct finding_diff *d = arg;

	(void)line;
	(void)seq;
	if (e && e->type == EVENT_FINDING)
		keep(d, &d->now, &e->finding);
	else
		compare(d);
}

static void recorded(void *arg, const struct event_finding *f)
{
	struct finding_diff *d = arg;

	keep(d, &d->before, f);
}

void finding_diff_read(struct finding_diff *d, struct judging *judging)
{
	judging->say = said;
	judging->recorded = recorded;
	judging->arg = d;
}

bool finding_diff_finish(struct finding_diff *d, uint64_t counts[FINDING_CHANGES])
{
	compare(d);
	memcpy(counts, d->counts, sizeof(d->counts));
	return !d->failed;
}
