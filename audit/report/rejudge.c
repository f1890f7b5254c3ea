/* SPDX-License-Identifier: MIT
 *
 * The moments of the live run (hop.c, redirect.c, chain.c and emit.c), played again from events (rejudge.h). */
#include "audit/report/rejudge.h"

#include <stdlib.h>

#include "audit/report/event_names.h"
#include "audit/report/json_get.h"
#include "audit/ruling.h"

static const char not_told[] = "the log does not tell of the exchange";

/* `seq` is given anew, for there may be more findings than before or less; gaps of the log stay gaps. */
struct rejudge {
	struct judging judging;
	struct ruling ruling;
	uint64_t recorded; /* seq of the last line that has one; 0: none */
	uint64_t seq;      /* given last */
	struct audit_totals counted;
	struct rejudge_result result;
	char *rules_off;                       /* owned; of the run; NULL: none */
	uint64_t about;                        /* the redirect that is before the rules */
	struct bytes ahead[REJUDGE_AHEAD_MAX]; /* recorded findings of the event, borrowed ... */
	unsigned ahead_count;
	json_t *findings[REJUDGE_AHEAD_MAX]; /* owned; ... parsed when they are asked for the first time */
	unsigned finding_count;
};

static void say(struct rejudge *j, struct audit_event *e, struct bytes line)
{
	e->seq = ++j->seq;
	if (j->judging.say)
		j->judging.say(j->judging.arg, e, line, e->seq);
}

static void say_finding(void *arg, struct event_finding *f, int64_t now_us)
{
	struct rejudge *j = arg;
	struct audit_event e = {.type = EVENT_FINDING, .at_us = now_us, .finding = *f};

	if (f->suppressed_by.len > 0)
		j->counted.suppressed++;
	else
		j->counted.findings[f->severity]++;
	say(j, &e, bytes_of(NULL, 0));
}

void rejudge_ahead(struct rejudge *j, struct bytes finding)
{
	if (j->ahead_count < REJUDGE_AHEAD_MAX)
		j->ahead[j->ahead_count++] = finding;
}

static void forget_ahead(struct rejudge *j)
{
	while (j->finding_count > 0)
		json_decref(j->findings[--j->finding_count]);
	j->ahead_count = 0;
}

/* Is `word` one of the words in `list`? */
static bool is_listed(struct bytes list, struct bytes word)
{
	while (list.len > 0) {
		size_t end = bytes_find(list, ' ');

		if (bytes_equal(bytes_slice(list, 0, end), word))
			return true;
		list = bytes_slice(list, end + 1, list.len);
	}
	return false;
}

static void take_words(struct wording *w, struct bytes text)
{
	w->len = text.len < sizeof(w->text) ? text.len : sizeof(w->text);
	if (w->len > 0)
		memcpy(w->text, text.ptr, w->len);
}

static void take_recorded(const json_t *finding, struct rule_output *out)
{
	const char *weight = get_text(finding, "weight") ? "weight" : "severity";

	out->severity = (enum severity)get_enum(finding, weight, SEVERITY_ERROR + 1, severity_name);
	out->advisory = get_bool(finding, "advisory");
	out->fault = (enum fault)get_enum(finding, "fault", FAULT_UNKNOWN + 1, fault_name);
	take_words(&out->message, get_bytes(finding, "message"));
	take_words(&out->expected, get_bytes(finding, "expected"));
	take_words(&out->seen, get_bytes(finding, "seen"));
}

static void parse_ahead(struct rejudge *j)
{
	for (; j->finding_count < j->ahead_count; j->finding_count++) {
		struct bytes line = j->ahead[j->finding_count];

		j->findings[j->finding_count] = json_loadb(line.ptr, line.len, JSON_ALLOW_NUL, NULL);
	}
}

/* The log's word on a rule that can't be asked again. One that another finding lists as `also` fired, too, but what it
 * said is not told: its summary must do, where that other finding is not made now. */
static enum recorded recorded(void *arg, const struct rule *rule, struct rule_output *out)
{
	struct rejudge *j = arg;
	struct bytes id = bytes_str(rule->id);

	if (j->rules_off && is_listed(bytes_str(j->rules_off), id)) {
		j->result.unverifiable++;
		return RECORDED_NOTHING;
	}
	parse_ahead(j);
	for (unsigned i = 0; i < j->finding_count; i++) {
		const json_t *finding = j->findings[i];

		if (get_count(finding, "redirect") != j->about)
			continue;
		if (bytes_equal(get_bytes(finding, "rule"), id)) {
			take_recorded(finding, out);
			return RECORDED_FINDING;
		}
		if (is_listed(get_bytes(finding, "also"), id)) {
			take_words(&out->message, bytes_str(rule->summary));
			return RECORDED_FINDING;
		}
	}
	return RECORDED_SILENT;
}

struct rejudge *rejudge_new(const struct judging *judging)
{
	struct rejudge *j = calloc(1, sizeof(*j));

	if (!j)
		return NULL;
	j->judging = *judging;
	j->ruling.engine = (struct engine){
	    .profile = judging->profile, .policy = judging->policy, .recorded = recorded, .say = say_finding, .arg = j};
	return j;
}

void rejudge_free(struct rejudge *j)
{
	if (!j)
		return;
	ruling_forget(&j->ruling);
	forget_ahead(j);
	free(j->rules_off);
	free(j);
}

struct rejudge_result rejudge_result(const struct rejudge *j)
{
	return j->result;
}

static struct bytes profile_name(enum profile profile)
{
	return profile == PROFILE_STRICT ? BYTES("strict") : BYTES("default");
}

static void run_started(struct rejudge *j, struct audit_event *e)
{
	struct event_run_started *r = &e->run_started;
	char off[POLICY_OFF_MAX];

	j->ruling.history.max = r->history;
	j->result.decided = r->decided;
	free(j->rules_off);
	j->rules_off = r->rules_off.len > 0 ? strndup(r->rules_off.ptr, r->rules_off.len) : NULL;
	if (j->judging.profile_of_log)
		j->ruling.engine.profile = bytes_equal(r->profile, BYTES("strict")) ? PROFILE_STRICT : PROFILE_DEFAULT;
	r->profile = profile_name(j->ruling.engine.profile);
	r->decided = !policy_is_empty(j->judging.policy);
	r->rules_off = policy_off(j->judging.policy, off);
	say(j, e, bytes_of(NULL, 0));
}

static void observed(struct rejudge *j, struct chain_memory *memory, struct audit_event *e, struct bytes line)
{
	j->about = e->observed.redirect;
	say(j, e, line);
	if (memory)
		ruling_observed(&j->ruling, memory, &e->observed, e->at_us);
}

/* As note_verdicts() of the live run. */
static bool note_verdicts(struct rejudge *j, const struct known_judged *judged, const struct event_followed *f)
{
	bool news = !judged->verdicts;

	for (unsigned p = 0; p < PROPERTY_COUNT; p++) {
		bool unverifiable = f->verdicts[p].verdict == VERDICT_UNVERIFIABLE;

		j->counted.unverifiable += unverifiable;
		if (judged->unverifiable)
			*judged->unverifiable += unverifiable;
		if (!judged->verdicts)
			continue;
		news |= judged->verdicts[p] != f->verdicts[p].verdict;
		judged->verdicts[p] = f->verdicts[p].verdict;
	}
	return news;
}

static void followed(struct rejudge *j, struct event_reader *reader, struct audit_event *e, bool partly)
{
	struct chain_memory *memory = event_reader_memory(reader);
	struct known_judged judged = event_reader_judged(reader);
	struct event_followed *f = &e->followed;
	struct ruling_case found;

	j->about = f->redirect;
	if (partly)
		f->verdicts[PROPERTY_HEADERS] = f->verdicts[PROPERTY_CREDENTIALS] =
		    (struct property_verdict){VERDICT_UNVERIFIABLE, not_told};
	else
		ruling_judge(&j->ruling, memory, f, e->at_us, &found);
	f->no_news = !note_verdicts(j, &judged, f) && f->state == MATCH_REVISED;
	say(j, e, bytes_of(NULL, 0));
	if (!partly)
		ruling_followed(&j->ruling, memory, f, &found);
}

static void chain_finished(struct rejudge *j, struct event_reader *reader, struct audit_event *e, bool partly)
{
	struct chain_memory *memory = event_reader_memory(reader);
	struct known_judged judged = event_reader_judged(reader);
	struct event_chain_finished *c = &e->chain_finished;

	if (!partly && memory)
		ruling_finished(&j->ruling, memory, c, e->at_us);
	if (memory)
		c->verdict = memory->worst;
	if (judged.unverifiable)
		c->unverifiable = *judged.unverifiable;
	say(j, e, bytes_of(NULL, 0));
}

static void run_finished(struct rejudge *j, struct audit_event *e)
{
	struct audit_totals *t = &e->run_finished.totals;

	memcpy(t->findings, j->counted.findings, sizeof(t->findings));
	t->suppressed = j->counted.suppressed;
	t->unverifiable = j->counted.unverifiable;
	say(j, e, bytes_of(NULL, 0));
}

/* What the log does not tell whole is not judged. */
static void judge(struct rejudge *j, struct event_reader *reader, struct audit_event *e, bool partly, struct bytes line)
{
	struct chain_memory *memory = event_reader_memory(reader);

	j->result.partly += partly;
	switch (e->type) {
	case EVENT_RUN_STARTED:
		run_started(j, e);
		break;
	case EVENT_EXCHANGE:
		say(j, e, line);
		ruling_exchange(&j->ruling, &e->exchange, e->at_us);
		break;
	case EVENT_REDIRECT_OBSERVED:
		observed(j, partly ? NULL : memory, e, line);
		break;
	case EVENT_REDIRECT_FOLLOWED:
		followed(j, reader, e, partly);
		break;
	case EVENT_REDIRECT_CLOSED:
		say(j, e, line);
		if (!partly)
			ruling_closed(&j->ruling, memory, &e->closed, e->at_us);
		break;
	case EVENT_REDIRECT_DUPLICATED:
		say(j, e, line);
		if (!partly)
			ruling_duplicated(&j->ruling, memory, &e->duplicated, e->at_us);
		break;
	case EVENT_CHAIN_FINISHED:
		chain_finished(j, reader, e, partly);
		break;
	case EVENT_RUN_FINISHED:
		run_finished(j, e);
		break;
	default:
		say(j, e, line);
		break;
	}
}

void rejudge_line(struct rejudge *j, struct event_reader *reader, enum event_read read, struct audit_event *e,
		  struct bytes line)
{
	bool is_event = read == EVENT_READ_OK || read == EVENT_READ_PARTLY;
	uint64_t seq = event_line_seq(line);

	if (seq > j->recorded + 1)
		j->seq += seq - j->recorded - 1;
	if (seq > 0)
		j->recorded = seq;
	if (is_event && e->type == EVENT_FINDING) {
		if (j->judging.recorded)
			j->judging.recorded(j->judging.arg, &e->finding);
	} else if (is_event) {
		judge(j, reader, e, read == EVENT_READ_PARTLY, line);
		forget_ahead(j);
	} else {
		j->seq += seq > 0;
		if (j->judging.say)
			j->judging.say(j->judging.arg, NULL, line, seq > 0 ? j->seq : 0);
	}
}
