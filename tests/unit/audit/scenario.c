/* SPDX-License-Identifier: MIT
 *
 * The player of scenarios: builds heads as text, parses them with the real parser, calls the audit as the relay does,
 * and writes down what it says. */
#include "scenario.h"

#include <check.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "again.h"
#include "audit/rules/rules.h"
#include "parser/http_parser.h"

#define EXCHANGES_MAX 4096
#define FIELDS_MAX 64
#define OWNED_MAX 64

struct played {
	struct audit_exchange x;
	struct audit_client client;
	struct http_head head;
	struct http_field fields[FIELDS_MAX];
	struct uri url;
	char *raw;  /* owned */
	char *tag;  /* owned */
	char *body; /* owned */
	size_t body_len;
	size_t sent;
	bool undelivered;
	bool over;
};

/* The connection of a process. */
struct owned {
	uint64_t connection;
	uint32_t pid;
	uint64_t image;
	uint32_t parent;
	int64_t born_us;
	bool asked; /* and not answered yet */
};

struct scenario {
	struct audit *audit;
	struct owned owned[OWNED_MAX];
	unsigned owned_count;
	unsigned asked;
	bool answers_late;
	struct again *again; /* owned; the log, to be judged again at the end */
	int64_t now_us;
	struct played *exchanges[EXCHANGES_MAX];
	int count;
	char *text; /* owned: lines since the last said() */
	size_t text_len;
	size_t text_max;
	char *handed_out;
	char told[4096];
	size_t told_len;
	struct audit_event last[EVENT_TYPE_COUNT];
	struct exchange_facts redirected; /* of the last redirect.observed; its views are gone */
	bool seen[EVENT_TYPE_COUNT];
	char message[256];
	uint64_t seq;
	bool gapless;
};

static void line(struct scenario *s, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void line(struct scenario *s, const char *format, ...)
{
	char one[512];
	va_list ap;
	va_start(ap, format);
	int n = vsnprintf(one, sizeof(one), format, ap);
	va_end(ap);
	if (s->text_len + (size_t)n + 2 > s->text_max) {
		s->text_max = (s->text_max + (size_t)n + 2) * 2;
		s->text = realloc(s->text, s->text_max);
	}
	memcpy(s->text + s->text_len, one, (size_t)n);
	s->text_len += (size_t)n;
	s->text[s->text_len++] = '\n';
	s->text[s->text_len] = 0;
}

static void write_followed(struct scenario *s, const struct event_followed *f)
{
	static const char *const levels[] = {"", "", " at E2", " at E3"};
	line(s, "followed %llu by %llu %s %s method %s body %s%s", (unsigned long long)f->redirect,
	     (unsigned long long)f->follow->exchange, confidence_text(f->confidence), match_state_text(f->state),
	     verdict_text(f->verdicts[PROPERTY_METHOD].verdict), verdict_text(f->verdicts[PROPERTY_BODY].verdict),
	     levels[f->level]);
}

static void write_chain(struct scenario *s, const struct event_chain_finished *c)
{
	char unverifiable[40] = "";
	if (c->unverifiable > 0)
		snprintf(unverifiable, sizeof(unverifiable), " unverifiable %u", c->unverifiable);
	line(s, "chain %llu %s %d hops %u verdict %s%s%s%.*s", (unsigned long long)c->chain,
	     chain_outcome_text(c->outcome), c->final_status, c->hops,
	     c->verdict == SEVERITY_NONE ? "ok" : severity_text(c->verdict), unverifiable,
	     c->test.len > 0 ? " test " : "", (int)c->test.len, c->test.len > 0 ? c->test.ptr : "");
}

static void write_event(struct scenario *s, const struct audit_event *e)
{
	switch (e->type) {
	case EVENT_REDIRECT_OBSERVED:
		line(s, "observed %llu hop %u chain %llu to %.*s", (unsigned long long)e->observed.redirect,
		     e->observed.hop, (unsigned long long)e->observed.chain, (int)e->observed.target.len,
		     e->observed.target.len ? e->observed.target.ptr : "");
		break;
	case EVENT_REDIRECT_FOLLOWED:
		write_followed(s, &e->followed);
		break;
	case EVENT_MATCH_REVISED:
		line(s, "revised %llu from %llu to %llu", (unsigned long long)e->revised.redirect,
		     (unsigned long long)e->revised.from, (unsigned long long)e->revised.to);
		break;
	case EVENT_REDIRECT_CLOSED:
		line(s, "closed %llu %s", (unsigned long long)e->closed.redirect, outcome_text(e->closed.outcome));
		break;
	case EVENT_REDIRECT_DUPLICATED:
		line(s, "duplicated %llu by %llu", (unsigned long long)e->duplicated.redirect,
		     (unsigned long long)e->duplicated.again);
		break;
	case EVENT_FINDING:
		line(s, "finding %s %s %llu", e->finding.rule->id, severity_text(e->finding.severity),
		     (unsigned long long)e->finding.redirect);
		break;
	case EVENT_CHAIN_FINISHED:
		write_chain(s, &e->chain_finished);
		break;
	default:
		break;
	}
}

static bool on_event(void *arg, const struct audit_event *e)
{
	struct scenario *s = arg;
	again_event(s->again, e);
	s->gapless = s->gapless && e->seq == s->seq + 1;
	s->seq = e->seq;
	s->last[e->type] = *e;
	s->seen[e->type] = true;
	if (e->type == EVENT_REDIRECT_OBSERVED) {
		s->redirected = *e->observed.request;
		s->last[e->type].observed.request = &s->redirected;
	}
	if (e->type == EVENT_FINDING)
		snprintf(s->message, sizeof(s->message), "%.*s", (int)e->finding.message.len, e->finding.message.ptr);
	if (e->type == EVENT_EXCHANGE && s->told_len + 24 < sizeof(s->told))
		s->told_len +=
		    (size_t)snprintf(s->told + s->told_len, 24, "%llu ", (unsigned long long)e->exchange.exchange);
	write_event(s, e);
	return true;
}

static struct owned *owned_find(struct scenario *s, uint64_t connection)
{
	for (unsigned i = 0; i < s->owned_count; i++) {
		if (s->owned[i].connection == connection)
			return &s->owned[i];
	}
	return NULL;
}

/* process=P, P/I or P<Q of a request on this connection */
static void own(struct scenario *s, uint64_t connection, const char *process)
{
	const char *image = strchr(process, '/');
	const char *script = strchr(process, '<');
	struct owned *o = owned_find(s, connection);
	ck_assert(o || s->owned_count < OWNED_MAX);
	if (!o)
		o = &s->owned[s->owned_count++];
	o->connection = connection;
	o->pid = (uint32_t)atoi(process);
	o->parent = script ? (uint32_t)atoi(script + 1) : o->pid;
	o->born_us = script ? s->now_us : 0;
	o->image = image ? 1000000u + strtoul(image + 1, NULL, 10) : o->pid;
}

/* Called with the audit's lock held: it must not answer here. */
static bool on_asked(void *arg, const struct audit_client *who)
{
	struct scenario *s = arg;
	struct owned *o = owned_find(s, who->connection);
	s->asked++;
	if (o)
		o->asked = true;
	return o != NULL;
}

void answer(struct scenario *s, uint64_t connection)
{
	struct owned *o = owned_find(s, connection);
	ck_assert(o && o->asked);
	struct client_process found = {.pid = o->pid,
				       .start = 1,
				       .image = o->image,
				       .parent = o->parent,
				       .group = o->parent,
				       .born_us = o->born_us,
				       .name = BYTES("client")};
	o->asked = false;
	audit_client_process(s->audit, connection, &found, s->now_us);
}

static void answer_at_once(struct scenario *s)
{
	for (unsigned i = 0; i < s->owned_count && !s->answers_late; i++) {
		if (s->owned[i].asked)
			answer(s, s->owned[i].connection);
	}
}

void answers_come_late(struct scenario *s)
{
	s->answers_late = true;
}

unsigned processes_asked(const struct scenario *s)
{
	return s->asked;
}

void process_ends(struct scenario *s, uint32_t pid)
{
	audit_process_ended(s->audit, pid, 1, s->now_us);
}

struct scenario *scenario_new(const struct audit_config *config)
{
	struct audit_config c = config ? *config : audit_config_default();
	struct scenario *s = calloc(1, sizeof(*s));
	c.seed = c.seed ? c.seed : 0x5eed;
	c.sink = (struct event_sink){.emit = on_event, .arg = s};
	c.finder = (struct process_finder){.ask = on_asked, .arg = s};
	s->again = again_new(&c);
	s->gapless = true;
	s->now_us = 1000000;
	s->audit = audit_new(&c);
	ck_assert_ptr_nonnull(s->audit);
	line(s, "begin");
	s->text_len = 0;
	s->text[0] = 0;
	return s;
}

static void played_free(struct played *p)
{
	free(p->raw);
	free(p->tag);
	free(p->body);
	free(p);
}

void scenario_free(struct scenario *s)
{
	for (int n = 1; n <= s->count; n++) {
		abort_exchange(s, n);
		played_free(s->exchanges[n]);
	}
	audit_free(s->audit);
	again_check(s->again);
	again_free(s->again);
	free(s->text);
	free(s->handed_out);
	free(s);
}

struct audit *scenario_audit(struct scenario *s)
{
	return s->audit;
}

int64_t scenario_now(const struct scenario *s)
{
	return s->now_us;
}

void pass_ms(struct scenario *s, int64_t ms)
{
	s->now_us += ms * 1000;
	if (ms >= 250)
		audit_tick(s->audit, s->now_us);
}

/* Takes the next word of a line; NULL at its end. Words end at spaces. */
static char *next_word(char **rest)
{
	char *word;
	do {
		word = strsep(rest, " ");
	} while (word && !*word);
	return word;
}

static const char *value_of(const char *word, const char *name)
{
	size_t n = strlen(name);
	return strncmp(word, name, n) == 0 && word[n] == '=' ? word + n + 1 : NULL;
}

static void generate_body(struct played *p, const char *spec)
{
	size_t len = strtoul(spec, NULL, 10);
	const char *seed = strchr(spec, ':');
	unsigned state = seed ? (unsigned)strtoul(seed + 1, NULL, 10) * 2654435761u + 1 : 1;
	p->body = malloc(len + 1);
	p->body_len = len;
	for (size_t i = 0; i < len; i++) {
		state = state * 1664525u + 1013904223u;
		p->body[i] = (char)(state >> 24);
	}
}

/* The request line's words become a head; what they say of content and client goes to `p`. */
struct request_words {
	const char *method;
	const char *url;
	const char *agent;
	const char *process;
	char fields[2048];
	long declared;
	bool chunked;
	bool pipelined;
	enum audit_path path;
};

/* Words end at spaces; what stands for white space inside them becomes that. */
static void put_spaces(char *text)
{
	for (; *text; text++)
		*text = *text == SPACE[0] ? ' ' : *text == TABULATOR[0] ? '\t' : *text;
}

static void put_field(char *fields, size_t size, const char *word)
{
	const char *colon = strchr(word, ':');
	size_t used = strlen(fields);
	snprintf(fields + used, size - used, "%.*s: %s\r\n", (int)(colon - word), word, colon + 1);
	put_spaces(fields + used);
}

static void request_word(struct played *p, struct request_words *w, const char *word)
{
	const char *v;
	if ((v = value_of(word, "body"))) {
		p->body = strdup(v);
		p->body_len = strlen(v);
	} else if ((v = value_of(word, "size"))) {
		generate_body(p, v);
	} else if ((v = value_of(word, "declared"))) {
		w->declared = atol(v);
	} else if ((v = value_of(word, "conn"))) {
		p->client.connection = strtoul(v, NULL, 10);
	} else if ((v = value_of(word, "addr"))) {
		p->client.address[15] = (uint8_t)atoi(v);
	} else if ((v = value_of(word, "tag"))) {
		p->tag = strdup(v);
		p->client.tag = bytes_str(p->tag);
	} else if ((v = value_of(word, "ua"))) {
		w->agent = v;
	} else if ((v = value_of(word, "process"))) {
		w->process = v;
	} else if ((v = value_of(word, "path"))) {
		w->path = strcmp(v, "tunnel") == 0 ? AUDIT_PATH_TUNNEL : AUDIT_PATH_INTERCEPTED;
	} else if (strcmp(word, "remote") == 0) {
		memcpy(p->client.address + 12, (const uint8_t[]){198, 51, 100}, 3);
	} else if (strcmp(word, "chunked") == 0) {
		w->chunked = true;
	} else if (strcmp(word, "pipelined") == 0) {
		w->pipelined = true;
	} else {
		ck_assert_msg(strchr(word, ':') != NULL, "what is '%s'?", word);
		put_field(w->fields, sizeof(w->fields), word);
	}
}

static void build_head(struct played *p, struct request_words *w)
{
	static const struct http_limits limits = {
	    .target_max = 8192, .field_max = 8192, .head_max = 65536, .fields_max = FIELDS_MAX};
	const char *authority = strstr(w->url, "://") + 3;
	const char *userinfo = memchr(authority, '@', strcspn(authority, "/?#"));
	char framing[64] = "";
	char host[300] = "";
	authority = userinfo ? userinfo + 1 : authority;
	if (strncmp(w->fields, "Host: ", 6) != 0 && !strstr(w->fields, "\nHost: "))
		snprintf(host, sizeof(host), "Host: %.*s\r\n", (int)strcspn(authority, "/?#"), authority);
	if (w->chunked)
		snprintf(framing, sizeof(framing), "Transfer-Encoding: chunked\r\n");
	else if (w->declared >= 0 || p->body)
		snprintf(framing, sizeof(framing), "Content-Length: %ld\r\n",
			 w->declared >= 0 ? w->declared : (long)p->body_len);
	ck_assert_int_ge(asprintf(&p->raw, "%s %s HTTP/1.1\r\n%sUser-Agent: %s\r\n%s%s%s\r\n", w->method, w->url, host,
				  w->agent, strcasestr(w->fields, "accept:") ? "" : "Accept: */*\r\n", w->fields,
				  framing),
			 0);
	p->head.fields = p->fields;
	p->head.fields_max = FIELDS_MAX;
	enum http_error e = http_parse_request(bytes_str(p->raw), &limits, &p->head);
	ck_assert_msg(e == HTTP_OK, "%s: %s", p->raw, http_error_text(e));
	ck_assert_int_eq(uri_parse_http(head_target(&p->head), &p->url), URI_OK);
}

int request(struct scenario *s, const char *text)
{
	struct played *p = calloc(1, sizeof(*p));
	struct request_words w = {.agent = "client/1", .declared = -1};
	char *copy = strdup(text);
	char *rest = copy;
	const char *word;
	ck_assert_int_lt(s->count + 1, EXCHANGES_MAX);
	p->client = (struct audit_client){.connection = 1, .address = {[10] = 0xff, [11] = 0xff, [12] = 127, [15] = 1}};
	w.method = next_word(&rest);
	w.url = next_word(&rest);
	while ((word = next_word(&rest)))
		request_word(p, &w, word);
	build_head(p, &w);
	if (w.process)
		own(s, p->client.connection, w.process);
	free(copy);
	s->exchanges[++s->count] = p;
	struct audit_request request = {.client = &p->client,
					.head = &p->head,
					.url = &p->url,
					.origin_hash = uri_origin_hash(&p->url, audit_seed(s->audit)),
					.path = w.path,
					.pipelined = w.pipelined};
	audit_request_head(s->audit, &p->x, &request, s->now_us);
	answer_at_once(s);
	return s->count;
}

const struct audit_advice *advice_of(struct scenario *s, int n)
{
	return &s->exchanges[n]->x.advice;
}

void send_part(struct scenario *s, int n, size_t from, size_t to)
{
	struct played *p = s->exchanges[n];
	/* In pieces of an odd size, so that no boundary of the audit's falls together with one of ours. */
	while (from < to) {
		size_t piece = to - from < 1371 ? to - from : 1371;
		if (p->x.advice.keep_body)
			audit_request_body(s->audit, &p->x, bytes_of(p->body + from, piece));
		from += piece;
	}
	p->sent = to;
}

void request_done(struct scenario *s, int n)
{
	struct played *p = s->exchanges[n];
	send_part(s, n, p->sent, p->body_len);
	audit_request_end(s->audit, &p->x, true, s->now_us);
}

void request_cut(struct scenario *s, int n)
{
	audit_request_end(s->audit, &s->exchanges[n]->x, false, s->now_us);
}

static bool is_location(const char *word)
{
	const char *colon = strchr(word, ':');
	const char *slash = strchr(word, '/');
	return !colon || (slash && slash < colon) || strncmp(word, "http", 4) == 0 || *word == '?';
}

void respond(struct scenario *s, int n, const char *text)
{
	static const struct http_limits limits = {
	    .target_max = 8192, .field_max = 8192, .head_max = 65536, .fields_max = FIELDS_MAX};
	struct played *p = s->exchanges[n];
	struct http_field fields[FIELDS_MAX];
	struct http_head head = {.fields = fields, .fields_max = FIELDS_MAX};
	char all[2048] = "";
	char *copy = strdup(text);
	char *rest = copy;
	const char *status = next_word(&rest);
	const char *word;
	char *raw;
	bool bare = false;
	while ((word = next_word(&rest))) {
		if (strcmp(word, "undelivered") == 0)
			p->undelivered = true;
		else if (strcmp(word, "bare") == 0)
			bare = true;
		else if (strcmp(word, "-") == 0)
			put_field(all, sizeof(all), "Location:");
		else if (!is_location(word))
			put_field(all, sizeof(all), word);
		else
			snprintf(all + strlen(all), sizeof(all) - strlen(all), "Location: %s\r\n", word);
	}
	if (!bare && !strcasestr(all, "cache-control:"))
		put_field(all, sizeof(all), "Cache-Control:private");
	if (!strcasestr(all, "content-length:"))
		put_field(all, sizeof(all), "Content-Length:0");
	put_spaces(all);
	ck_assert_int_ge(asprintf(&raw, "HTTP/1.1 %s X\r\n%s\r\n", status, all), 0);
	enum http_error e = http_parse_response(bytes_str(raw), &limits, head_method(&p->head), &head);
	ck_assert_msg(e == HTTP_OK, "%s: %s", raw, http_error_text(e));
	audit_response_head(s->audit, &p->x, &head, s->now_us);
	memset(raw, 'X', strlen(raw)); /* its views are over: nothing may look there */
	free(raw);
	free(copy);
	answer_at_once(s);
}

void respond_local(struct scenario *s, int n, int status)
{
	audit_response_local(s->audit, &s->exchanges[n]->x, status, BYTES("test"), s->now_us);
}

void abort_exchange(struct scenario *s, int n)
{
	struct played *p = s->exchanges[n];
	if (p->over)
		return;
	p->over = true;
	audit_exchange_end(s->audit, &p->x, s->now_us);
	free(p->raw); /* likewise */
	p->raw = NULL;
}

void finish_with(struct scenario *s, int n, uint64_t content_bytes)
{
	struct played *p = s->exchanges[n];
	audit_response_end(s->audit, &p->x, !p->undelivered, content_bytes, s->now_us);
	abort_exchange(s, n);
}

void finish(struct scenario *s, int n)
{
	finish_with(s, n, 0);
}

int play(struct scenario *s, const char *text)
{
	char *copy = strdup(text);
	char *arrow = strstr(copy, " -> ");
	ck_assert_ptr_nonnull(arrow);
	*arrow = 0;
	pass_ms(s, 1);
	int n = request(s, copy);
	request_done(s, n);
	pass_ms(s, 1);
	respond(s, n, arrow + 4);
	finish(s, n);
	free(copy);
	return n;
}

void mark(struct scenario *s, const char *tag, const char *name)
{
	pass_ms(s, 1);
	ck_assert(audit_mark(s->audit, bytes_str(tag), bytes_str(name), s->now_us));
}

void run_ends(struct scenario *s)
{
	audit_finish(s->audit, s->now_us);
}

const char *said(struct scenario *s)
{
	free(s->handed_out);
	s->handed_out = strdup(s->text);
	s->text_len = 0;
	s->text[0] = 0;
	return s->handed_out;
}

const char *exchanges_told(struct scenario *s)
{
	return s->told;
}

const struct audit_event *last_event(struct scenario *s, enum event_type type)
{
	return s->seen[type] ? &s->last[type] : NULL;
}

const char *last_message(struct scenario *s)
{
	return s->message;
}

bool seq_is_gapless(struct scenario *s)
{
	return s->gapless;
}
