/* SPDX-License-Identifier: MIT
 *
 * Deep copies of events (event_copy.h). Runs in the emitting thread, with the tracker's lock held: one piece of memory,
 * one pass over the views. It must be taught every view that event.h gains. */
#include "audit/record/event_copy.h"

#define FACTS_MAX 2
#define VIEWS_MAX 24
#define TEXTS_MAX 4

/* Where an event's strings are. */
struct event_strings {
	struct bytes *views[VIEWS_MAX];
	const char **texts[TEXTS_MAX]; /* C strings that event.h does not promise to be static; may be NULL */
	unsigned view_count;
	unsigned text_count;
};

static void add_view(struct event_strings *s, struct bytes *view)
{
	s->views[s->view_count++] = view;
}

static void add_text(struct event_strings *s, const char **text)
{
	s->texts[s->text_count++] = text;
}

static void add_facts(struct event_strings *s, struct exchange_facts *f)
{
	add_view(s, &f->tag);
	add_view(s, &f->address);
	add_view(s, &f->method);
	add_view(s, &f->url);
	add_view(s, &f->restored);
	add_view(s, &f->user_agent);
	add_view(s, &f->content_type);
	add_view(s, &f->location);
}

static void add_finding(struct event_strings *s, struct event_finding *f)
{
	add_view(s, &f->message);
	add_view(s, &f->expected);
	add_view(s, &f->seen);
	add_view(s, &f->url);
	add_view(s, &f->method);
	add_view(s, &f->also);
	add_view(s, &f->suppressed_by);
	add_view(s, &f->suppressed_reason);
}

static void add_run_started(struct event_strings *s, struct event_run_started *r)
{
	add_view(s, &r->version);
	add_view(s, &r->run);
	add_view(s, &r->command);
	add_view(s, &r->listen);
	add_view(s, &r->profile);
	add_view(s, &r->rules_off);
}

static void add_proxy_error(struct event_strings *s, struct event_proxy_error *p)
{
	add_view(s, &p->tag);
	add_view(s, &p->detail);
	add_view(s, &p->method);
	add_view(s, &p->target);
	add_text(s, &p->error);
}

static void add_chain_finished(struct event_strings *s, struct event_chain_finished *c)
{
	add_view(s, &c->tag);
	add_view(s, &c->test);
}

static void add_tunnel(struct event_strings *s, struct event_tunnel *t)
{
	add_view(s, &t->authority);
	add_view(s, &t->tag);
	add_text(s, &t->kind);
	add_text(s, &t->reason);
}

static void add_tls(struct event_strings *s, struct event_tls *t)
{
	add_view(s, &t->tag);
	add_view(s, &t->authority);
	add_view(s, &t->name);
	add_text(s, &t->version);
	add_text(s, &t->cipher);
	add_text(s, &t->reason);
}

/* The facts that a redirect's event points to are taken care of by the caller. */
static void find_strings(struct event_strings *s, struct audit_event *e)
{
	switch (e->type) {
	case EVENT_RUN_STARTED:
		add_run_started(s, &e->run_started);
		break;
	case EVENT_EXCHANGE:
		add_facts(s, &e->exchange);
		break;
	case EVENT_REDIRECT_OBSERVED:
		add_view(s, &e->observed.target);
		add_text(s, &e->observed.loop.cause);
		break;
	case EVENT_REDIRECT_FOLLOWED:
		add_text(s, &e->followed.body.reason);
		break;
	case EVENT_MATCH_REVISED:
		add_text(s, &e->revised.reason);
		break;
	case EVENT_REDIRECT_CLOSED:
		add_text(s, &e->closed.reason);
		add_text(s, &e->closed.instead_link);
		break;
	case EVENT_FINDING:
		add_finding(s, &e->finding);
		break;
	case EVENT_CHAIN_FINISHED:
		add_chain_finished(s, &e->chain_finished);
		break;
	case EVENT_CLIENT_PROCESS:
		add_view(s, &e->process.name);
		break;
	case EVENT_TUNNEL:
		add_tunnel(s, &e->tunnel);
		break;
	case EVENT_TLS_INTERCEPTED:
	case EVENT_TLS_PASSED_THROUGH:
	case EVENT_TLS_REJECTED:
	case EVENT_TLS_UPSTREAM_FAILED:
		add_tls(s, &e->tls);
		break;
	case EVENT_PROXY_ERROR:
		add_proxy_error(s, &e->proxy_error);
		break;
	case EVENT_MARK:
		add_view(s, &e->mark.name);
		add_view(s, &e->mark.tag);
		break;
	case EVENT_REDIRECT_DUPLICATED:
	case EVENT_RUN_FINISHED:
	case EVENT_TYPE_COUNT:
		break;
	}
}

/* What the log says of an exchange only once, with its EVENT_EXCHANGE. */
static void forget_request(struct exchange_facts *f)
{
	f->tag = bytes_of(NULL, 0);
	f->address = bytes_of(NULL, 0);
	f->method = bytes_of(NULL, 0);
	f->url = bytes_of(NULL, 0);
	f->user_agent = bytes_of(NULL, 0);
	f->restored = bytes_of(NULL, 0);
	f->content_type = bytes_of(NULL, 0);
	f->fields = NULL;
}

/* ... and with the redirect. */
static void forget_response(struct exchange_facts *f)
{
	f->location = bytes_of(NULL, 0);
	f->response_fields = NULL;
}

/* The facts that an event points to; returns how many. */
static unsigned facts_of(struct audit_event *e, const struct exchange_facts **facts[FACTS_MAX])
{
	if (e->type == EVENT_REDIRECT_OBSERVED) {
		facts[0] = &e->observed.request;
		return 1;
	}
	if (e->type == EVENT_REDIRECT_FOLLOWED) {
		facts[0] = &e->followed.request;
		facts[1] = &e->followed.follow;
		return 2;
	}
	if (e->type == EVENT_CHAIN_FINISHED) {
		facts[0] = &e->chain_finished.last;
		return 1;
	}
	if (e->type == EVENT_REDIRECT_CLOSED) {
		facts[0] = &e->closed.request;
		return 1;
	}
	return 0;
}

/* What was told before by its id, and is not told again. */
static void forget_told(struct audit_event *e)
{
	if (e->type == EVENT_REDIRECT_DUPLICATED)
		e->duplicated.request = e->duplicated.follow = NULL;
	if (e->type == EVENT_REDIRECT_FOLLOWED)
		e->followed.target = bytes_of(NULL, 0);
	if (e->type == EVENT_REDIRECT_CLOSED) {
		e->closed.target = bytes_of(NULL, 0);
		e->closed.instead = NULL;
		if (e->closed.request && !e->closed.request->content_news)
			e->closed.request = NULL;
	}
	if (e->type == EVENT_CHAIN_FINISHED) {
		e->chain_finished.first = NULL;
		e->chain_finished.method = bytes_of(NULL, 0);
		e->chain_finished.first_url = bytes_of(NULL, 0);
		e->chain_finished.last_url = bytes_of(NULL, 0);
	}
}

/* Of the facts that an event points to, the first is the redirected exchange in all but the last. */
static void forget_told_facts(const struct audit_event *e, unsigned which, struct exchange_facts *f)
{
	forget_request(f);
	if (which == 0 && (e->type == EVENT_REDIRECT_FOLLOWED || e->type == EVENT_REDIRECT_CLOSED))
		forget_response(f);
}

/* Lists are blocks of their own: each begins where a pointer may. */
static size_t list_room(const struct field_list *l)
{
	return l ? (l->size + 7u) & ~(size_t)7 : 0;
}

static size_t lists_room(const struct exchange_facts *f)
{
	return list_room(f->fields) + list_room(f->response_fields);
}

static char *move_list(const struct field_list **l, char *to)
{
	if (!*l)
		return to;
	size_t room = list_room(*l);
	memcpy(to, *l, (*l)->size);
	*l = (const struct field_list *)(const void *)to;
	return to + room;
}

static size_t strings_length(const struct event_strings *s)
{
	size_t length = 0;

	for (unsigned i = 0; i < s->view_count; i++)
		length += s->views[i]->len;
	for (unsigned i = 0; i < s->text_count; i++)
		length += *s->texts[i] ? strlen(*s->texts[i]) + 1 : 0;
	return length;
}

static void move_strings(const struct event_strings *s, char *to)
{
	for (unsigned i = 0; i < s->view_count; i++) {
		struct bytes *view = s->views[i];

		if (view->len == 0)
			continue;
		memcpy(to, view->ptr, view->len);
		view->ptr = to;
		to += view->len;
	}
	for (unsigned i = 0; i < s->text_count; i++) {
		const char **text = s->texts[i];

		if (!*text)
			continue;
		*text = strcpy(to, *text);
		to += strlen(to) + 1;
	}
}

/* Measured on shallow copies on the stack, which then move into the block and have their strings moved after them. */
struct event_copy *event_copy_make(const struct audit_event *e, event_copy_memory *memory, void *arg)
{
	struct audit_event shallow = *e;
	struct exchange_facts facts[FACTS_MAX];
	const struct exchange_facts **links[FACTS_MAX];
	unsigned count, kept = 0;
	struct event_strings strings = {.view_count = 0};
	struct exchange_facts *copied_facts;
	struct event_copy *copy;
	size_t size, lists = 0;
	char *to;

	forget_told(&shallow);
	count = facts_of(&shallow, links);
	for (unsigned i = 0; i < count; i++) {
		if (*links[i]) {
			facts[kept] = **links[i];
			forget_told_facts(&shallow, i, &facts[kept]);
			lists += lists_room(&facts[kept]);
			add_facts(&strings, &facts[kept++]);
		}
	}
	if (shallow.type == EVENT_EXCHANGE)
		lists = lists_room(&shallow.exchange);
	find_strings(&strings, &shallow);
	size = sizeof(*copy) + kept * sizeof(facts[0]) + lists + strings_length(&strings);
	copy = memory(arg, size);
	if (!copy)
		return NULL;
	copied_facts = (struct exchange_facts *)(copy + 1);
	copy->size = size;
	copy->event = shallow;
	strings = (struct event_strings){.view_count = 0};
	(void)facts_of(&copy->event, links);
	for (unsigned i = 0, at = 0; i < count; i++) {
		if (*links[i]) {
			copied_facts[at] = facts[at];
			*links[i] = &copied_facts[at];
			add_facts(&strings, &copied_facts[at++]);
		}
	}
	find_strings(&strings, &copy->event);
	to = (char *)(copied_facts + kept);
	for (unsigned i = 0; i < kept; i++)
		to = move_list(&copied_facts[i].response_fields, move_list(&copied_facts[i].fields, to));
	if (copy->event.type == EVENT_EXCHANGE)
		to = move_list(&copy->event.exchange.response_fields, move_list(&copy->event.exchange.fields, to));
	move_strings(&strings, to);
	return copy;
}
