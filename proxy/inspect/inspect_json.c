/* SPDX-License-Identifier: MIT */
#include "audit/record/json_line.h"
#include "proxy/inspect/inspect_clients.h"
#include "proxy/inspect/inspect_print.h"

static const char *tone_text(enum tone tone)
{
	static const char *const texts[] = {"plain", "good", "bad"};

	return texts[tone];
}

static const char *arrival_text(enum arrival arrival)
{
	static const char *const texts[] = {"whole", "changed", "not"};

	return texts[arrival];
}

static void put_time(struct text_buf *out, const char *name, int64_t us)
{
	if (us >= 0)
		json_put_int(out, name, us);
}

static void put_answer(struct text_buf *out, const struct step *s, struct redactor *r)
{
	const struct answer *a = &s->answer;

	json_put_uint(out, "status", a->head.status);
	if (a->problem[0])
		json_put_string(out, "problem", bytes_str(a->problem));
	if (head_find(&a->head, FIELD_LOCATION))
		json_put_url(out, "location", redact_url(r, head_get(&a->head, FIELD_LOCATION)));
	if (s->target)
		json_put_url(out, "target", redact_url(r, bytes_str(s->target)));
	json_put_uint(out, "content_bytes", a->content_length);
	json_put_object_begin(out, "times_us");
	put_time(out, "name", a->dns_us);
	put_time(out, "connection", a->connect_us);
	put_time(out, "tls", a->tls_us);
	put_time(out, "first_byte", a->first_byte_us);
	put_time(out, "total", a->total_us);
	json_put_object_end(out);
}

static void put_signals(struct text_buf *out, const struct step *s)
{
	json_put_array_begin(out, "signals");
	for (unsigned i = 0; i < s->signal_count; i++) {
		json_put_object_begin(out, NULL);
		json_put_text(out, "topic", s->signals[i].topic);
		json_put_text(out, "tone", tone_text(s->signals[i].tone));
		json_put_string(out, "text", bytes_str(s->signals[i].text));
		json_put_object_end(out);
	}
	json_put_array_end(out);
}

static void put_findings(struct text_buf *out, const struct inspection *in, unsigned step)
{
	json_put_array_begin(out, "findings");
	for (unsigned i = 0; i < in->finding_count; i++) {
		const struct found *f = &in->findings[i];

		if (f->step != step)
			continue;
		json_put_object_begin(out, NULL);
		json_put_text(out, "rule", f->rule->id);
		json_put_text(out, "severity", severity_text(f->severity));
		json_put_text(out, "fault", fault_text(f->fault));
		json_put_string(out, "message", bytes_str(f->message ? f->message : ""));
		json_put_string(out, "expected", bytes_str(f->expected ? f->expected : ""));
		json_put_string(out, "seen", bytes_str(f->seen ? f->seen : ""));
		json_put_text(out, "source", f->rule->source);
		json_put_object_end(out);
	}
	json_put_array_end(out);
}

static void put_clients(struct text_buf *out, const struct inspection *in)
{
	json_put_array_begin(out, "clients");
	for (size_t i = 0; i < clients_known; i++) {
		struct client_outcome seen;

		inspect_client(in, &clients_all[i], &seen);
		json_put_object_begin(out, NULL);
		json_put_text(out, "client", clients_all[i].name);
		json_put_text(out, "arrives", arrival_text(seen.arrival));
		json_put_string(out, "text", bytes_str(seen.text));
		json_put_object_end(out);
	}
	json_put_array_end(out);
}

void inspect_json(const struct inspection *in, struct redactor *r, struct text_buf *out)
{
	enum severity verdict = inspection_verdict(in);

	json_put_object_begin(out, NULL);
	json_put_text(out, "version", HOPAUDIT_VERSION);
	json_put_text(out, "verdict", verdict == SEVERITY_NONE ? "ok" : severity_text(verdict));
	json_put_string(out, "ended", bytes_str(in->ended));
	json_put_array_begin(out, "steps");
	for (unsigned i = 0; i < in->step_count; i++) {
		const struct step *s = &in->steps[i];

		json_put_object_begin(out, NULL);
		json_put_string(out, "method", bytes_str(s->method));
		json_put_url(out, "url", redact_url(r, bytes_str(s->url)));
		json_put_bool(out, "content", s->has_content);
		put_answer(out, s, r);
		put_signals(out, s);
		put_findings(out, in, i);
		json_put_object_end(out);
	}
	json_put_array_end(out);
	put_clients(out, in);
	json_put_object_end(out);
	TEXT_BUF_LITERAL(out, "\n");
}
