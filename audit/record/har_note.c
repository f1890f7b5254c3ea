/* SPDX-License-Identifier: MIT
 *
 * The notes of har_note.h. They are made by events and go when their chain has ended and their entry is written. */
#include "audit/record/har_note.h"

#include <stdlib.h>

#include "audit/rules/rules.h"

static uint64_t key_of(uint64_t id)
{
	return id * UINT64_C(0x9e3779b97f4a7c15);
}

bool har_notes_init(struct har_notes *s)
{
	*s = (struct har_notes){.count = 0};
	link_init(&s->age);
	return table_init(&s->exchanges) && table_init(&s->chains);
}

static void free_findings(struct har_note *n)
{
	while (n->findings) {
		struct har_finding *next = n->findings->next;

		free(n->findings);
		n->findings = next;
	}
	n->finding_count = 0;
}

static void drop(struct har_notes *s, struct har_note *n)
{
	struct har_chain *c = n->chain;

	table_remove(&s->exchanges, &n->node);
	link_remove(&n->age);
	link_remove(&n->place);
	free_findings(n);
	free(n);
	s->count--;
	if (!list_empty(&c->notes))
		return;
	table_remove(&s->chains, &c->node);
	free(c);
}

static struct har_note *oldest(struct har_notes *s)
{
	return OWNER_OF(s->age.next, struct har_note, age);
}

void har_notes_free(struct har_notes *s)
{
	while (!list_empty(&s->age))
		drop(s, oldest(s));
	table_free(&s->exchanges);
	table_free(&s->chains);
}

struct har_note *har_note_find(const struct har_notes *s, uint64_t exchange)
{
	struct node *node = table_first(&s->exchanges, key_of(exchange));

	return node ? OWNER_OF(node, struct har_note, node) : NULL;
}

static struct har_chain *find_chain(struct har_notes *s, uint64_t id)
{
	struct node *node = table_first(&s->chains, key_of(id));

	return node ? OWNER_OF(node, struct har_chain, node) : NULL;
}

static struct har_chain *get_chain(struct har_notes *s, uint64_t id)
{
	struct har_chain *c = find_chain(s, id);

	if (c)
		return c;
	c = calloc(1, sizeof(*c));
	if (!c)
		return NULL;
	link_init(&c->notes);
	table_add(&s->chains, &c->node, key_of(id));
	return c;
}

static void forget_oldest(struct har_notes *s)
{
	struct har_note *n = oldest(s);

	if (s->judged)
		s->judged(s->arg, n);
	drop(s, n);
}

/* The note of an exchange in this chain, made if need be; NULL when memory is short. */
static struct har_note *get(struct har_notes *s, uint64_t exchange, uint64_t chain)
{
	struct har_note *n = har_note_find(s, exchange);
	struct har_chain *c;

	if (n)
		return n;
	if (s->count >= HAR_NOTES_MAX)
		forget_oldest(s);
	c = get_chain(s, chain);
	n = c ? calloc(1, sizeof(*n)) : NULL;
	if (!n) {
		if (c && list_empty(&c->notes)) {
			table_remove(&s->chains, &c->node);
			free(c);
		}
		return NULL;
	}
	n->chain = c;
	n->chain_id = chain;
	n->exchange = exchange;
	table_add(&s->exchanges, &n->node, key_of(exchange));
	list_append(&s->age, &n->age);
	list_append(&c->notes, &n->place);
	s->count++;
	return n;
}

static struct har_note *find_redirect(struct har_notes *s, uint64_t chain, uint64_t redirect)
{
	struct har_chain *c = find_chain(s, chain);

	for (struct link *l = c ? c->notes.next : NULL; c && l != &c->notes; l = l->next) {
		struct har_note *n = OWNER_OF(l, struct har_note, place);

		if (n->redirect == redirect)
			return n;
	}
	return NULL;
}

static void take_observed(struct har_notes *s, const struct event_observed *o)
{
	struct har_note *n = get(s, o->request->exchange, o->chain);

	if (!n)
		return;
	n->redirect = o->redirect;
	n->hop = o->hop;
}

/* Where another one was taken for the follow-up before, it is none. */
static void take_followed(struct har_notes *s, const struct event_followed *f)
{
	struct har_note *follow = get(s, f->follow->exchange, f->chain), *n, *before;

	if (follow) {
		follow->follows = f->redirect;
		if (follow->redirect == 0)
			follow->hop = f->hop;
	}
	n = find_redirect(s, f->chain, f->redirect);
	if (!n)
		return;
	before = n->followed_by && n->followed_by != f->follow->exchange ? har_note_find(s, n->followed_by) : NULL;
	if (before && before->follows == f->redirect)
		before->follows = 0;
	n->followed_by = f->follow->exchange;
	n->confidence = f->confidence;
	memcpy(n->verdicts, f->verdicts, sizeof(n->verdicts));
}

static void take_closed(struct har_notes *s, const struct event_closed *c)
{
	struct har_note *n = find_redirect(s, c->chain, c->redirect);

	if (n)
		n->outcome = c->outcome;
}

/* A finding about a follow-up that turned out to be none is taken back when the better one is told of. */
static void take_revised(struct har_notes *s, const struct event_revised *r)
{
	struct har_note *wrong = har_note_find(s, r->from), *n;

	if (!wrong || wrong->follows != r->redirect)
		return;
	wrong->follows = 0;
	n = find_redirect(s, wrong->chain_id, r->redirect);
	if (n)
		free_findings(n);
}

static struct bytes put_text(char *to, struct bytes text)
{
	if (text.len > 0)
		memcpy(to, text.ptr, text.len);
	return bytes_of(to, text.len);
}

/* What is about the chain stands with its first exchange. */
static void take_finding(struct har_notes *s, const struct event_finding *f)
{
	struct har_note *n = find_redirect(s, f->chain, f->redirect);
	struct har_chain *c = find_chain(s, f->chain);
	struct har_finding *finding, **last;

	if (!n && c)
		n = OWNER_OF(c->notes.next, struct har_note, place);
	if (!n || n->finding_count == HAR_FINDINGS_MAX)
		return;
	finding = malloc(sizeof(*finding) + f->message.len);
	if (!finding)
		return;
	*finding = (struct har_finding){
	    .rule = f->rule->id, .severity = f->severity, .fault = f->fault, .suppressed = f->suppressed_by.len > 0};
	finding->message = put_text(finding->text, f->message);
	for (last = &n->findings; *last; last = &(*last)->next)
		;
	*last = finding;
	n->finding_count++;
}

static void take_finished(struct har_notes *s, const struct event_chain_finished *f)
{
	struct har_chain *c = find_chain(s, f->chain);
	struct link *l, *next;

	if (!c)
		return;
	c->finished = true;
	c->outcome = f->outcome;
	c->verdict = f->verdict;
	for (l = c->notes.next; l != &c->notes; l = next) {
		bool is_last = l->next == &c->notes;

		next = l->next;
		if (s->judged)
			s->judged(s->arg, OWNER_OF(l, struct har_note, place)); /* may be the end of it */
		if (is_last)
			break; /* with the last one the chain is gone */
	}
}

void har_notes_event(struct har_notes *s, const struct audit_event *e)
{
	switch (e->type) {
	case EVENT_REDIRECT_OBSERVED:
		take_observed(s, &e->observed);
		break;
	case EVENT_REDIRECT_FOLLOWED:
		take_followed(s, &e->followed);
		break;
	case EVENT_MATCH_REVISED:
		take_revised(s, &e->revised);
		break;
	case EVENT_REDIRECT_CLOSED:
		take_closed(s, &e->closed);
		break;
	case EVENT_FINDING:
		take_finding(s, &e->finding);
		break;
	case EVENT_CHAIN_FINISHED:
		take_finished(s, &e->chain_finished);
		break;
	default:
		break;
	}
}

void har_note_written(struct har_notes *s, struct har_note *n)
{
	n->entry = NULL;
	if (n->chain->finished)
		drop(s, n);
}
