/* SPDX-License-Identifier: MIT */
#include "proxy/inspect/inspection.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "audit/record/redact.h"
#include "audit/retry_after.h"
#include "audit/tracker.h"
#include "proxy/clock.h"

/* A walk on its way. The audit is told of each exchange as a relay would tell it. */
struct walk {
	struct inspection *in;
	struct asker *asker;
	struct asker *prober; /* without the cookies of the walk */
	struct audit *audit;
	struct audit_client client;
	struct redactor redactor;
	struct string_list fields; /* of the next request */
	bool has_content;
	int64_t waited_us;                          /* as Retry-After asked */
	unsigned at;                                /* the step that is being told of */
	unsigned step_of[INSPECTION_STEPS_MAX + 1]; /* by the audit's number of the redirect */
};

static char *copy_of(struct bytes b)
{
	return strndup(b.ptr ? b.ptr : "", b.len);
}

/* --- findings --- */

/* The walk is nobody's client: of what is told of clients only what would happen to any is worth telling. */
static bool is_told(const struct event_finding *f)
{
	return f->fault != FAULT_CLIENT || f->severity > SEVERITY_INFO;
}

static void take_finding(struct walk *w, const struct event_finding *f)
{
	struct inspection *in = w->in;
	struct found *to = &in->findings[in->finding_count];

	if (in->finding_count == INSPECTION_FINDINGS_MAX) {
		in->findings_more++;
		return;
	}
	in->finding_count++;
	*to = (struct found){.rule = f->rule, .severity = f->severity, .fault = f->fault, .step = w->at};
	if (f->redirect > 0 && f->redirect <= INSPECTION_STEPS_MAX)
		to->step = w->step_of[f->redirect];
	to->message = copy_of(redact_text(&w->redactor, f->message));
	to->expected = copy_of(redact_text(&w->redactor, f->expected));
	to->seen = copy_of(redact_text(&w->redactor, f->seen));
}

static bool take_event(void *arg, const struct audit_event *e)
{
	struct walk *w = arg;

	if (e->type == EVENT_REDIRECT_OBSERVED && e->observed.redirect <= INSPECTION_STEPS_MAX)
		w->step_of[e->observed.redirect] = w->at;
	if (e->type == EVENT_FINDING && is_told(&e->finding))
		take_finding(w, &e->finding);
	return true;
}

static bool has_room(void *arg)
{
	(void)arg;
	return true;
}

/* --- the audit's part --- */

static bool parse_sent(struct bytes raw, struct http_head *head)
{
	static const struct http_limits limits = {
	    .target_max = 1 << 20, .field_max = 1 << 20, .head_max = 1 << 21, .fields_max = 256};

	return http_parse_request(raw, &limits, head) == HTTP_OK;
}

static void tell_audit(struct walk *w, struct step *s, struct bytes content, int64_t begun_us)
{
	struct http_field fields[256];
	struct http_head head = {.fields = fields, .fields_max = 256};
	struct audit_exchange x = {0};
	struct answer *a = &s->answer;
	int64_t now = begun_us + (a->total_us > 0 ? a->total_us : 0);
	struct audit_request request = {.client = &w->client, .head = &head};
	struct uri url;

	if (!parse_sent(text_buf_view(&a->sent), &head) || uri_parse_http(bytes_str(s->url), &url) != URI_OK)
		return;
	request.url = &url;
	request.origin_hash = uri_origin_hash(&url, audit_seed(w->audit));
	request.path = scheme_is(&url, BYTES("https")) ? AUDIT_PATH_INTERCEPTED : AUDIT_PATH_PROXY;
	audit_request_head(w->audit, &x, &request, begun_us);
	if (s->has_content)
		audit_request_body(w->audit, &x, content);
	audit_request_end(w->audit, &x, true, begun_us);
	if (a->head.status > 0)
		audit_response_head(w->audit, &x, &a->head, now);
	else if (a->received.len > 0)
		audit_response_refused(w->audit, &x, text_buf_view(&a->received), now);
	audit_response_end(w->audit, &x, a->head.status > 0, 0, now);
	audit_exchange_end(w->audit, &x, now);
}

/* --- the next request, by the book --- */

/* Location against the URL that was asked for (RFC 9110 §10.2.2). NULL where there is none, or it is no http URL. */
static char *target_of(const struct step *s)
{
	struct bytes location = head_get(&s->answer.head, FIELD_LOCATION);
	size_t room = strlen(s->url) + location.len + 64;
	struct uri_buf out = {malloc(room), 0, room};
	struct uri base, ref, target;
	bool good = out.ptr && head_find(&s->answer.head, FIELD_LOCATION) &&
		    uri_parse_http(bytes_str(s->url), &base) == URI_OK && uri_parse(location, &ref) == URI_OK &&
		    uri_resolve(&base, &ref, &out) == URI_OK &&
		    uri_parse_http(bytes_of(out.ptr, out.len), &target) == URI_OK;

	if (good && out.len < room) {
		out.ptr[out.len] = '\0';
		return out.ptr;
	}
	free(out.ptr);
	return NULL;
}

/* May this byte stand in a request line as it is? Browsers leave the others of RFC 3986's alone, too. */
static bool may_stand(unsigned char c)
{
	return c > 0x20 && c < 0x7f && !strchr("\"<>`{}", c);
}

static void put_encoded(struct text_buf *out, struct bytes b)
{
	static const char digits[] = "0123456789ABCDEF";

	for (size_t i = 0; i < b.len; i++) {
		unsigned char c = (unsigned char)b.ptr[i];
		const char encoded[] = {'%', digits[c >> 4], digits[c & 15]};

		text_buf_add(out, may_stand(c) ? bytes_of(b.ptr + i, 1) : bytes_of(encoded, sizeof(encoded)));
	}
}

/* As it is asked for: no userinfo and no fragment, and what no request line may hold percent-encoded. NULL when memory
 * is short. */
static char *asked_url(const char *target)
{
	size_t room = 4 * strlen(target) + 64;
	struct uri_buf origin = {malloc(room), 0, room};
	struct text_buf out = {0};
	struct uri url;
	bool good = origin.ptr && uri_parse_http(bytes_str(target), &url) == URI_OK &&
		    uri_write_origin(&url, &origin) == URI_OK;

	if (good) {
		text_buf_add(&out, bytes_of(origin.ptr, origin.len));
		put_encoded(&out, url.path.len > 0 ? url.path : BYTES("/"));
		if (url.query.ptr) {
			text_buf_add_char(&out, '?');
			put_encoded(&out, url.query);
		}
		text_buf_add_char(&out, '\0');
	}
	free(origin.ptr);
	if (good && !out.failed)
		return out.ptr;
	text_buf_free(&out);
	return NULL;
}

static bool is_field(const char *line, const char *name)
{
	size_t len = strlen(name);

	return bytes_starts_nocase(bytes_str(line), bytes_str(name)) && line[len] == ':';
}

/* Lets go of fields: those about content, or those that may not go to another origin (Fetch §4.4). */
static bool drop_fields(struct string_list *fields, const char *const *names, size_t count)
{
	struct string_list kept = {0};
	bool dropped = false;

	for (size_t i = 0; i < fields->count; i++) {
		bool drop = false;

		for (size_t n = 0; n < count; n++)
			drop = drop || is_field(fields->items[i], names[n]);
		if (!drop)
			string_list_add(&kept, fields->items[i]);
		dropped = dropped || drop;
	}
	string_list_clear(fields);
	*fields = kept;
	return dropped;
}

static bool becomes_get(int status, const char *method)
{
	const struct status_row *row = status_find(status);

	if (row->becomes_get)
		return strcmp(method, "GET") != 0 && strcmp(method, "HEAD") != 0;
	return row->post_may_become_get && strcmp(method, "POST") == 0;
}

static void prepare_next(struct walk *w, const struct step *from, struct step *to)
{
	static const char *const about_content[] = {"Content-Type", "Content-Length", "Content-Encoding",
						    "Content-Language", "Content-Location"};
	static const char *const secrets[] = {"Authorization", "Cookie", "Proxy-Authorization"};
	bool get = becomes_get(from->answer.head.status, from->method);
	struct uri here, there;

	to->method = strdup(get ? "GET" : from->method);
	to->url = asked_url(from->target);
	if (get) {
		to->lost_content = from->has_content;
		w->has_content = false;
		drop_fields(&w->fields, about_content, sizeof(about_content) / sizeof(about_content[0]));
	}
	to->has_content = w->has_content;
	if (uri_parse_http(bytes_str(from->url), &here) == URI_OK && to->url &&
	    uri_parse_http(bytes_str(to->url), &there) == URI_OK && !uri_same_origin(&here, &there))
		to->left_secrets = drop_fields(&w->fields, secrets, sizeof(secrets) / sizeof(secrets[0]));
}

/* --- when to stop --- */

static bool sets_cookie(const struct step *s)
{
	return head_find(&s->answer.head, FIELD_SET_COOKIE) != NULL;
}

/* The third time for the same request, or the second when nothing has changed in between. */
static bool goes_round(const struct inspection *in, const struct step *next)
{
	unsigned times = 0;
	bool changed = false;

	for (unsigned i = 0; i < in->step_count; i++) {
		const struct step *s = &in->steps[i];

		if (strcmp(s->method, next->method) == 0 && strcmp(s->url, next->url) == 0) {
			times++;
			changed = false;
		}
		changed = changed || sets_cookie(s);
	}
	return times >= 2 || (times == 1 && !changed);
}

/* Why the walk ends behind step `s`; false: it goes on. */
static bool is_last(struct inspection *in, const struct step *s, const struct step *next)
{
	if (s->answer.head.status == 0) {
		in->failed = true;
		snprintf(in->ended, sizeof(in->ended), "no usable answer: %.250s", s->answer.problem);
	} else if (!s->redirects) {
		snprintf(in->ended, sizeof(in->ended), "%d is the final answer", s->answer.head.status);
		if (s->answer.head.status / 100 == 3 && s->answer.head.status != 304)
			snprintf(in->ended, sizeof(in->ended), "%d without a Location that can be followed",
				 s->answer.head.status);
	} else if (!next || !next->url || !next->method) {
		in->failed = true;
		snprintf(in->ended, sizeof(in->ended), "out of memory");
	} else if (goes_round(in, next)) {
		in->loops = true;
		snprintf(in->ended, sizeof(in->ended), "it leads back to what was asked for before: a loop");
	} else if (in->step_count > in->config->inspect_hops || in->step_count == INSPECTION_STEPS_MAX) {
		snprintf(in->ended, sizeof(in->ended), "more than %u redirects (--max-hops)", in->step_count - 1);
	}
	return in->ended[0] != '\0';
}

/* --- probes --- */

static const struct {
	const char *name, *line;
} probe_fields[] = {
    {NULL, NULL},
    {"User-Agent", "User-Agent: Mozilla/5.0 (Linux; Android 14) AppleWebKit/537.36 Mobile Safari/537.36"},
    {"Accept-Language", "Accept-Language: de"},
    {"Accept", "Accept: application/json"},
    {"Origin", "Origin: https://origin.invalid"},
};

static bool names_vary(const struct answer *a, const char *field)
{
	return head_list_has(&a->head, FIELD_VARY, bytes_str(field)) || head_list_has(&a->head, FIELD_VARY, BYTES("*"));
}

static void probe_once(struct walk *w, struct step *s, unsigned which, const struct string_list *fields)
{
	struct probe *p = &s->probes[s->probe_count++];
	struct string_list asked = {0};
	struct ask ask = {.method = s->method, .url = s->url, .fields = &asked};
	struct bytes here = head_get(&s->answer.head, FIELD_LOCATION), there;
	struct answer again = {0};

	*p = (struct probe){.field = probe_fields[which].name};
	for (size_t i = 0; i < fields->count; i++) {
		if (!p->field || !is_field(fields->items[i], p->field))
			string_list_add(&asked, fields->items[i]);
	}
	if (probe_fields[which].line)
		string_list_add(&asked, probe_fields[which].line);
	asker_ask(w->prober, &ask, &again);
	there = head_get(&again.head, FIELD_LOCATION);
	p->done = again.head.status > 0;
	p->differs = p->done && (again.head.status != s->answer.head.status || !bytes_equal(here, there));
	p->told = p->field && (names_vary(&s->answer, p->field) || names_vary(&again, p->field));
	there = redact_url(&w->redactor, there);
	snprintf(p->seen, sizeof(p->seen), "%d%s%.*s", again.head.status, there.len > 0 ? " " : "",
		 (int)(there.len < 150 ? there.len : 150), there.ptr ? there.ptr : "");
	answer_free(&again);
	string_list_clear(&asked);
}

/* Only what is safe is asked twice: who knows what a POST does. */
static void probe(struct walk *w, struct step *s, const struct string_list *fields)
{
	unsigned count = w->in->config->inspect_vary ? sizeof(probe_fields) / sizeof(probe_fields[0]) : 1;

	if (!s->redirects || !method_is_safe(bytes_str(s->method)) || s->has_content)
		return;
	for (unsigned i = 0; i < count; i++)
		probe_once(w, s, i, fields);
}

/* --- the walk --- */

/* Nobody waits here for what Retry-After asks, but the audit is told as if. */
static int64_t wait_asked_us(const struct http_head *head)
{
	struct field_list *fields = field_list_make(head);
	int64_t seconds = retry_after_s(fields);

	free(fields);
	return seconds * 1000 * 1000;
}

static void ask_step(struct walk *w, struct step *s)
{
	struct inspection *in = w->in;
	const struct status_row *row;
	struct ask ask = {.method = s->method,
			  .url = s->url,
			  .fields = &w->fields,
			  .content = in->content,
			  .has_content = s->has_content};
	int64_t begun_us = clock_now_us() + w->waited_us;

	asker_ask(w->asker, &ask, &s->answer);
	row = status_find(s->answer.head.status);
	s->target = row && row->expects_follow_up ? target_of(s) : NULL;
	s->redirects = s->target != NULL;
	w->at = in->step_count - 1;
	tell_audit(w, s, in->content, begun_us);
	if (s->redirects)
		w->waited_us += wait_asked_us(&s->answer.head);
}

static void go(struct walk *w)
{
	struct inspection *in = w->in;

	for (;;) {
		struct step *s = &in->steps[in->step_count++];
		struct step next = {0};

		ask_step(w, s);
		probe(w, s, &w->fields);
		if (s->redirects)
			prepare_next(w, s, &next);
		if (is_last(in, s, s->redirects ? &next : NULL)) {
			free(next.method);
			free(next.url);
			return;
		}
		in->steps[in->step_count] = next;
	}
}

static bool begin(struct walk *w, const char *method, const char *url, bool has_content, char *error, size_t error_size)
{
	const struct config *config = w->in->config;
	struct audit_config ac = audit_config_default();
	uint8_t key[REDACTION_KEY_BYTES];
	struct step *first = &w->in->steps[0];
	struct uri parts;
	enum uri_error wrong = uri_parse_http(bytes_str(url), &parts);

	if (wrong != URI_OK) {
		snprintf(error, error_size, "%s: %s", url, uri_error_text(wrong));
		return false;
	}
	w->asker = asker_new(config, error, error_size);
	w->prober = w->asker ? asker_new(config, error, error_size) : NULL;
	if (!w->prober)
		return false;
	if (getrandom(key, sizeof(key), 0) != sizeof(key) || getrandom(&ac.seed, sizeof(ac.seed), 0) < 0) {
		snprintf(error, error_size, "no random bytes from the system");
		return false;
	}
	redactor_init(&w->redactor, key);
	ac.profile = config->profile;
	ac.policy = config->policy;
	ac.sink = (struct event_sink){.emit = take_event, .has_room = has_room, .arg = w};
	w->audit = audit_new(&ac);
	first->method = strdup(method);
	first->url = asked_url(url);
	first->has_content = w->has_content = has_content;
	if (w->audit && first->method && first->url)
		return true;
	snprintf(error, error_size, "out of memory");
	return false;
}

static void end(struct walk *w)
{
	if (w->audit) {
		audit_finish(w->audit, clock_now_us());
		audit_free(w->audit);
	}
	asker_free(w->asker);
	asker_free(w->prober);
	redactor_free(&w->redactor);
	string_list_clear(&w->fields);
}

bool inspection_run(struct inspection *in, const struct config *config, const char *method, const char *url,
		    struct bytes content, bool has_content, char *error, size_t error_size)
{
	struct walk w = {.in = in,
			 .client = {.connection = 1, .address = {[10] = 0xff, [11] = 0xff, [12] = 127, [15] = 1}}};
	bool begun;

	*in = (struct inspection){.config = config, .content = content};
	for (size_t i = 0; i < config->inspect_fields.count; i++)
		string_list_add(&w.fields, config->inspect_fields.items[i]);
	begun = begin(&w, method, url, has_content, error, error_size);
	if (begun)
		go(&w);
	end(&w);
	for (unsigned i = 0; i < in->step_count; i++)
		signals_of_step(in, i);
	return begun;
}

enum severity inspection_verdict(const struct inspection *in)
{
	enum severity worst = SEVERITY_NONE;

	for (unsigned i = 0; i < in->finding_count; i++) {
		if (in->findings[i].severity > worst)
			worst = in->findings[i].severity;
	}
	return worst;
}

void inspection_free(struct inspection *in)
{
	for (unsigned i = 0; i < INSPECTION_STEPS_MAX; i++) {
		free(in->steps[i].method);
		free(in->steps[i].url);
		free(in->steps[i].target);
		answer_free(&in->steps[i].answer);
	}
	for (unsigned i = 0; i < in->finding_count; i++) {
		free(in->findings[i].message);
		free(in->findings[i].expected);
		free(in->findings[i].seen);
	}
}
