/* SPDX-License-Identifier: MIT
 *
 * The end of a session, told: summary, lost events, and why a command was perhaps never seen. */
#include "proxy/cli/closing.h"

#include <stdlib.h>
#include <string.h>

#include "audit/report/summary.h"
#include "proxy/cli/clients.h"

typedef unsigned long long ull; /* for printf */

static uint64_t findings_from(const struct audit_totals *t, enum severity least)
{
	uint64_t n = 0;

	for (enum severity s = least; s <= SEVERITY_ERROR; s++)
		n += t->findings[s];
	return n;
}

int closing_status(const struct closing *c)
{
	if (c->result->lost > 0 || c->result->record.har_lost > 0)
		return STATUS_FAILED;
	if (c->fail_on != SEVERITY_NONE && findings_from(&c->result->totals, c->fail_on) > 0)
		return STATUS_FINDING;
	return STATUS_OK;
}

static const char *plural(uint64_t n)
{
	return n == 1 ? "" : "s";
}

/* Where no log can be read: what was counted. */
static void print_totals(FILE *err, const struct audit_totals *t)
{
	fprintf(err, "hopaudit: %llu exchange%s, %llu redirect%s: %llu error%s, %llu warning%s, %llu info",
		(ull)t->exchanges, plural(t->exchanges), (ull)t->redirects, plural(t->redirects),
		(ull)t->findings[SEVERITY_ERROR], plural(t->findings[SEVERITY_ERROR]),
		(ull)t->findings[SEVERITY_WARNING], plural(t->findings[SEVERITY_WARNING]),
		(ull)t->findings[SEVERITY_INFO]);
	if (t->proxy_errors > 0)
		fprintf(err, "; %llu request%s refused or failed", (ull)t->proxy_errors,
			t->proxy_errors == 1 ? " was" : "s were");
	fputc('\n', err);
}

/* The line that the summary ends with, where there is no summary: `verify --head` wants it. */
static void print_log(FILE *err, const struct closing *c)
{
	const char *path = c->session->temporary_log ? NULL : session_log_path(c->session);

	if (path)
		fprintf(err, "  log %s%s%s\n", path, *c->result->record.head ? ", head " : "", c->result->record.head);
}

static void print_summary(FILE *err, const struct closing *c)
{
	const struct config *config = c->session->config;
	const struct summary_options options = {
	    .color = config->color,
	    .all_chains = config->all_chains,
	    .log_path = c->session->temporary_log ? NULL : session_log_path(c->session),
	};
	const char *path = session_log_path(c->session);
	char error[SESSION_ERROR_MAX];

	if (!path || c->reopened) {
		print_totals(err, &c->result->totals);
		print_log(err, c);
	} else if (!summary_write(err, path, c->result->record.offset, &options, error, sizeof(error))) {
		fprintf(err, "hopaudit: no summary: %s\n", error);
		print_totals(err, &c->result->totals);
		print_log(err, c);
	}
}

static void print_lost(FILE *err, const struct closing *c)
{
	const char *path = session_log_path(c->session);

	fprintf(err, "hopaudit: %llu event%s could not be recorded", (ull)c->result->lost, plural(c->result->lost));
	if (c->result->record.error)
		fprintf(err, ": %s: %s", path ? path : "log", strerror(c->result->record.error));
	fputs("; the log is not complete\n", err);
}

/* Where the HAR is, and what it lacks. */
static void print_har(FILE *err, const struct closing *c)
{
	const struct recorder_result *r = &c->result->record;
	const char *path = c->session->config->har;

	if (!path)
		return;
	if (!c->session->config->quiet)
		fprintf(err, "  har %s, %llu entr%s\n", path, (ull)r->har_written, r->har_written == 1 ? "y" : "ies");
	if (r->har_lost == 0)
		return;
	fprintf(err, "hopaudit: %llu exchange%s could not be recorded", (ull)r->har_lost, plural(r->har_lost));
	if (r->har_error)
		fprintf(err, ": %s: %s", path, strerror(r->har_error));
	fputs("; the HAR is not complete\n", err);
}

/* Why a command that surely sends requests was not seen, by what it is. */
static const char *likely_reason(const char *command)
{
	const struct client_kind *kind = client_kind_of(command, getenv("PATH"));

	if (kind && kind->hints[0])
		return kind->hints[0];
	return "it reads no proxy variables (http_proxy, https_proxy), or asks for loopback names only, which Go and "
	       "Ruby never proxy: give the service a name with --resolve NAME:PORT=127.0.0.1:PORT, and use that name "
	       "(`hopaudit doctor` knows more)";
}

/* A run that audited nothing looks like a run in which all was well: it must not. */
static void print_unseen(FILE *err, const struct closing *c)
{
	uint64_t connections = c->result->counts.connections_accepted;

	if (connections > 0)
		fprintf(err, "hopaudit: no request seen: %llu connection%s came, and no whole request in them\n",
			(ull)connections, plural(connections));
	else if (c->command)
		fprintf(err, "hopaudit: no request seen: %s made no connection to the proxy. Likely, %s.\n",
			c->command[0], likely_reason(c->command[0]));
	else if (!c->session->config->quiet)
		fputs("hopaudit: no request seen: nobody connected\n", err);
}

void closing_report(FILE *err, const struct closing *c)
{
	const struct config *config = c->session->config;
	const struct audit_totals *t = &c->result->totals;

	if (t->exchanges == 0 && t->proxy_errors == 0 && t->tunnels == 0) {
		print_unseen(err, c);
		if (!config->quiet)
			print_log(err, c);
	} else if (!config->quiet || t->exchanges == 0 || findings_from(t, SEVERITY_WARNING) > 0) {
		print_summary(err, c);
	}
	print_har(err, c);
	if (c->result->lost > 0)
		print_lost(err, c);
	if (c->result->on_finding.untold > 0)
		fprintf(
		    err,
		    "hopaudit: --on-finding: no command was run for %llu finding%s: there was no room, or no time\n",
		    (ull)c->result->on_finding.untold, plural(c->result->on_finding.untold));
}
