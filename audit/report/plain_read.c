/* SPDX-License-Identifier: MIT
 *
 * Events that stand for themselves: what their lines say is all there is. */
#include "audit/report/facts_read.h"
#include "audit/report/json_get.h"

static void read_run_started(const json_t *line, struct audit_event *e)
{
	e->run_started = (struct event_run_started){.version = get_bytes(line, "version"),
						    .run = get_bytes(line, "run"),
						    .command = get_bytes(line, "command"),
						    .listen = get_bytes(line, "listen"),
						    .profile = get_bytes(line, "profile"),
						    .decided = get_bool(line, "decided"),
						    .rules_off = get_bytes(line, "rules_off"),
						    .wall_us = e->at_us,
						    .history = (unsigned)get_small(line, "history"),
						    .workers = (unsigned)get_small(line, "workers")};
}

static void read_revised(const json_t *line, struct audit_event *e)
{
	e->revised = (struct event_revised){.redirect = get_count(line, "redirect"),
					    .from = get_count(line, "from"),
					    .to = get_count(line, "to"),
					    .reason = get_text(line, "reason")};
}

static void read_client_process(const json_t *line, struct audit_event *e)
{
	e->process = (struct event_client_process){.connection = get_count(line, "connection"),
						   .pid = (uint32_t)get_count(line, "pid"),
						   .name = get_bytes(line, "name")};
}

static void read_tunnel(const json_t *line, struct audit_event *e)
{
	e->tunnel = (struct event_tunnel){.connection = get_count(line, "connection"),
					  .authority = get_bytes(line, "authority"),
					  .tag = get_bytes(line, "tag"),
					  .kind = get_text(line, "kind"),
					  .reason = get_text(line, "reason")};
}

static void read_tls(const json_t *line, struct audit_event *e)
{
	e->tls = (struct event_tls){.connection = get_count(line, "connection"),
				    .exchange = get_count(line, "exchange"),
				    .tag = get_bytes(line, "tag"),
				    .authority = get_bytes(line, "authority"),
				    .name = get_bytes(line, "name"),
				    .version = get_text(line, "version"),
				    .cipher = get_text(line, "cipher"),
				    .resumed = get_bool(line, "resumed"),
				    .reason = get_text(line, "reason"),
				    .certificate = get_bool(line, "certificate")};
}

static void read_proxy_error(const json_t *line, struct audit_event *e)
{
	e->proxy_error = (struct event_proxy_error){.connection = get_count(line, "connection"),
						    .exchange = get_count(line, "exchange"),
						    .tag = get_bytes(line, "tag"),
						    .error = get_text(line, "error"),
						    .detail = get_bytes(line, "detail"),
						    .method = get_bytes(line, "method"),
						    .target = get_bytes(line, "target"),
						    .status = get_small(line, "status")};
}

static void read_mark(const json_t *line, struct audit_event *e)
{
	e->mark = (struct event_mark){.name = get_bytes(line, "name"), .tag = get_bytes(line, "tag")};
}

static void read_run_finished(const json_t *line, struct audit_event *e)
{
	const json_t *totals = json_object_get(line, "totals");
	const json_t *outcomes = json_object_get(totals, "outcomes");
	const json_t *findings = json_object_get(totals, "findings");
	const json_t *status = json_object_get(line, "command_status");
	struct audit_totals *t = &e->run_finished.totals;

	*t = (struct audit_totals){.exchanges = get_count(totals, "exchanges"),
				   .tunnels = get_count(totals, "tunnels"),
				   .redirects = get_count(totals, "redirects"),
				   .chains = get_count(totals, "chains"),
				   .suppressed = get_count(totals, "suppressed"),
				   .unverifiable = get_count(totals, "unverifiable"),
				   .forgotten = get_count(totals, "forgotten"),
				   .proxy_errors = get_count(totals, "proxy_errors"),
				   .lost = get_count(line, "lost")};
	for (unsigned i = 0; i <= OUTCOME_ABORTED; i++)
		t->outcomes[i] = get_count(outcomes, outcome_text((enum outcome)i));
	for (unsigned i = 0; i <= SEVERITY_ERROR; i++)
		t->findings[i] = get_count(findings, severity_text((enum severity)i));
	e->run_finished.command_status = status ? (int)json_integer_value(status) : -1;
}

void read_plain(const json_t *line, struct audit_event *e)
{
	switch (e->type) {
	case EVENT_RUN_STARTED:
		read_run_started(line, e);
		break;
	case EVENT_MATCH_REVISED:
		read_revised(line, e);
		break;
	case EVENT_CLIENT_PROCESS:
		read_client_process(line, e);
		break;
	case EVENT_TUNNEL:
		read_tunnel(line, e);
		break;
	case EVENT_TLS_INTERCEPTED:
	case EVENT_TLS_PASSED_THROUGH:
	case EVENT_TLS_REJECTED:
	case EVENT_TLS_UPSTREAM_FAILED:
		read_tls(line, e);
		break;
	case EVENT_PROXY_ERROR:
		read_proxy_error(line, e);
		break;
	case EVENT_MARK:
		read_mark(line, e);
		break;
	case EVENT_RUN_FINISHED:
		read_run_finished(line, e);
		break;
	default:
		break;
	}
}
