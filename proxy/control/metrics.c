/* SPDX-License-Identifier: MIT
 *
 * GET /metrics, in Prometheus' text format. A series that has not counted yet is told as 0 where its labels are known
 * beforehand, so that an alert sees it begin. */
#include <dirent.h>
#include <stdio.h>
#include <sys/resource.h>
#include <unistd.h>

#include "audit/counts.h"
#include "proxy/control/control_private.h"
#include "proxy/control/metrics_text.h"

static const char *const severities[] = {
    [SEVERITY_NONE] = "none", [SEVERITY_INFO] = "info", [SEVERITY_WARNING] = "warning", [SEVERITY_ERROR] = "error"};

static void put_redirects(struct text_buf *t, const struct audit_counts *c)
{
	static const uint16_t usual[] = {301, 302, 303, 307, 308};
	char status[8];

	metric_begin(t, "hopaudit_redirects_total", "counter", "Responses that ask for a follow-up, by status.");
	for (unsigned s = 0; s < 100; s++) {
		bool known = false;

		for (unsigned i = 0; i < sizeof(usual) / sizeof(usual[0]); i++)
			known = known || usual[i] == 300 + s;
		snprintf(status, sizeof(status), "%u", 300 + s);
		if (known || c->redirects[s] > 0)
			metric_put_labelled(t, "hopaudit_redirects_total", "status", status, c->redirects[s]);
	}
}

/* Every rule that has fired. */
static void put_findings(struct text_buf *t, const struct audit_counts *c, const struct audit_totals *totals)
{
	metric_begin(t, "hopaudit_findings_total", "counter", "Findings, by severity.");
	for (enum severity s = SEVERITY_INFO; s <= SEVERITY_ERROR; s++)
		metric_put_labelled(t, "hopaudit_findings_total", "severity", severities[s], totals->findings[s]);
	metric_begin(t, "hopaudit_rule_findings_total", "counter", "Findings, by rule and severity.");
	for (size_t r = 0; r < rules_count; r++) {
		for (enum severity s = SEVERITY_INFO; s <= SEVERITY_ERROR; s++) {
			char labels[160];

			if (c->findings[r][s] == 0)
				continue;
			snprintf(labels, sizeof(labels), "rule=\"%s\",severity=\"%s\"", rules_all[r].id, severities[s]);
			metric_put_labels(t, "hopaudit_rule_findings_total", labels, c->findings[r][s]);
		}
	}
	metric_single(t, "hopaudit_findings_suppressed_total", "counter", "Findings that the user accepts.",
		      totals->suppressed);
}

static void put_matches(struct text_buf *t, const struct audit_counts *c, const struct audit_totals *totals)
{
	metric_begin(t, "hopaudit_outcomes_total", "counter", "What became of the follow-ups that were asked for.");
	for (enum outcome o = OUTCOME_FOLLOWED; o <= OUTCOME_ABORTED; o++)
		metric_put_labelled(t, "hopaudit_outcomes_total", "outcome", outcome_text(o), totals->outcomes[o]);
	metric_single(t, "hopaudit_expectations_open", "gauge", "Follow-ups that are awaited now.",
		      totals->outcomes[OUTCOME_OPEN]);
	metric_begin(t, "hopaudit_matches_total", "counter", "Follow-ups that were found, by confidence.");
	for (enum confidence k = CONFIDENCE_LOW; k <= CONFIDENCE_HIGH; k++)
		metric_put_labelled(t, "hopaudit_matches_total", "confidence", confidence_text(k), c->confidence[k]);
	metric_single(t, "hopaudit_matches_revised_total", "counter", "Matches that were taken back or replaced.",
		      c->revised);
	metric_histogram(t, "hopaudit_hop_latency_seconds", "From a redirect to its follow-up.", histogram_slow,
			 &c->latency);
}

static void put_chains(struct text_buf *t, const struct audit_counts *c)
{
	uint64_t below = 0;
	char bound[8];

	metric_begin(t, "hopaudit_chains_total", "counter", "Finished chains, by outcome.");
	for (enum chain_outcome o = CHAIN_COMPLETED; o <= CHAIN_ABORTED; o++)
		metric_put_labelled(t, "hopaudit_chains_total", "outcome", chain_outcome_text(o), c->chains[o]);
	metric_begin(t, "hopaudit_chain_verdicts_total", "counter", "Finished chains, by their worst finding.");
	for (enum severity s = SEVERITY_NONE; s <= SEVERITY_ERROR; s++)
		metric_put_labelled(t, "hopaudit_chain_verdicts_total", "verdict",
				    s == SEVERITY_NONE ? "ok" : severities[s], c->chain_verdicts[s]);
	metric_begin(t, "hopaudit_chain_hops", "histogram", "Redirects in a finished chain.");
	for (unsigned n = 0; n <= COUNTS_HOPS_MAX; n++) {
		below += c->hops[n];
		snprintf(bound, sizeof(bound), "%u", n);
		if (n > 0 && n < COUNTS_HOPS_MAX)
			metric_put_labelled(t, "hopaudit_chain_hops_bucket", "le", bound, below);
	}
	metric_put_labelled(t, "hopaudit_chain_hops_bucket", "le", "+Inf", below);
	metric_put(t, "hopaudit_chain_hops_sum", c->hops_sum);
	metric_put(t, "hopaudit_chain_hops_count", below);
}

static void put_tunnels(struct text_buf *t, const struct audit_counts *c)
{
	static const char *const kinds[] = {"intercepted", "passed_through", "rejected", "upstream_failed"};

	metric_begin(t, "hopaudit_tunnels_total", "counter", "CONNECT tunnels that carried no TLS that was opened.");
	metric_put_labelled(t, "hopaudit_tunnels_total", "kind", "opaque", c->tunnels_opaque);
	metric_put_labelled(t, "hopaudit_tunnels_total", "kind", "http", c->tunnels_http);
	metric_begin(t, "hopaudit_tls_total", "counter",
		     "TLS in tunnels: opened, passed through unseen, refused by its client, failed at the origin.");
	for (unsigned i = 0; i < 4; i++)
		metric_put_labelled(t, "hopaudit_tls_total", "result", kinds[i], c->tls[i]);
}

static void put_errors(struct text_buf *t, const struct audit_counts *c)
{
	metric_begin(t, "hopaudit_proxy_errors_total", "counter",
		     "Requests that were refused or failed, by RFC 9209 type.");
	for (unsigned i = 0; i < COUNTS_ERRORS_MAX && c->errors[i].error; i++)
		metric_put_labelled(t, "hopaudit_proxy_errors_total", "error", c->errors[i].error, c->errors[i].count);
}

static void put_audit(struct text_buf *t, struct audit *a)
{
	struct audit_counts counts;
	struct audit_totals totals = audit_totals(a);

	audit_counts(a, &counts);
	metric_single(t, "hopaudit_exchanges_total", "counter", "Requests that were relayed or answered.",
		      totals.exchanges);
	put_redirects(t, &counts);
	put_matches(t, &counts, &totals);
	put_chains(t, &counts);
	put_findings(t, &counts, &totals);
	metric_single(t, "hopaudit_unverifiable_total", "counter", "Properties of follow-ups that could not be judged.",
		      totals.unverifiable);
	metric_single(t, "hopaudit_forgotten_total", "counter", "Evidence that was given up to stay within the budget.",
		      totals.forgotten);
	metric_single(t, "hopaudit_retained_bytes", "gauge", "What the audit keeps now.", audit_retained_bytes(a));
	metric_single(t, "hopaudit_marks_total", "counter", "Marks of tests.", counts.marks);
	put_tunnels(t, &counts);
	put_errors(t, &counts);
}

static void put_recorder(struct text_buf *t, struct recorder *r)
{
	struct recorder_load load = recorder_load(r);

	metric_single(t, "hopaudit_recorder_queue_bytes", "gauge", "Events that wait to be written.", load.queue_bytes);
	metric_single(t, "hopaudit_recorder_queue_bytes_max", "gauge", "At so many they are lost.",
		      load.queue_bytes_max);
	metric_single(t, "hopaudit_recorder_events_total", "counter", "Lines of the log that were written.",
		      load.written);
	metric_single(t, "hopaudit_recorder_lost_total", "counter", "Events that could not be queued or written.",
		      load.lost);
}

static void put_relay(struct text_buf *t, const struct server *s)
{
	static const char *const classes[] = {"other", "1xx", "2xx", "3xx", "4xx", "5xx"};
	struct server_counts counts = server_counts(s);
	struct server_tally tally;

	server_tally(s, &tally);
	metric_single(t, "hopaudit_workers", "gauge", "Threads that relay.", server_workers(s));
	metric_begin(t, "hopaudit_responses_total", "counter", "Final responses to clients, by class of the status.");
	for (unsigned i = 0; i < 6; i++)
		metric_put_labelled(t, "hopaudit_responses_total", "class", classes[i], tally.answers[i]);
	metric_single(t, "hopaudit_exchanges_aborted_total", "counter",
		      "Exchanges that ended before their answer was whole.", tally.aborted);
	metric_single(t, "hopaudit_client_connections_total", "counter", "Connections that clients made.",
		      counts.connections_accepted);
	metric_single(t, "hopaudit_client_connections", "gauge", "Connections of clients now.",
		      counts.connections_open);
	metric_single(t, "hopaudit_tunnels", "gauge", "Tunnels open now.", counts.tunnels_open);
	metric_single(t, "hopaudit_upstream_connections", "gauge", "Connections to origins now.", counts.upstream_open);
	metric_single(t, "hopaudit_upstream_idle_connections", "gauge", "Of these, how many wait in the pool.",
		      tally.upstream_idle);
	metric_single(t, "hopaudit_upstream_opened_total", "counter", "Connections to origins that were begun.",
		      tally.upstream_opened);
	metric_single(t, "hopaudit_upstream_reused_total", "counter",
		      "Exchanges on a connection that was there already.", tally.upstream_reused);
	metric_histogram(t, "hopaudit_proxy_overhead_seconds",
			 "What the relay itself took for the heads of a request and its response.", histogram_fast,
			 &tally.overhead);
}

static uint64_t open_descriptors(void)
{
	DIR *d = opendir("/proc/self/fd");
	uint64_t n = 0;

	if (!d)
		return 0;
	while (readdir(d))
		n++;
	closedir(d);
	return n > 3 ? n - 3 : 0; /* ".", ".." and the one that looks */
}

/* The names that Prometheus' own client libraries use. */
static void put_process(struct text_buf *t, int64_t started_us)
{
	unsigned long long virtual_pages = 0, resident_pages = 0;
	const uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE);
	FILE *f = fopen("/proc/self/statm", "re");
	struct rusage used = {0};
	struct rlimit limit = {0};

	if (f && fscanf(f, "%llu %llu", &virtual_pages, &resident_pages) != 2)
		resident_pages = 0;
	if (f)
		fclose(f);
	getrusage(RUSAGE_SELF, &used);
	getrlimit(RLIMIT_NOFILE, &limit);
	metric_begin(t, "process_cpu_seconds_total", "counter", "CPU time, user and system.");
	metric_put_seconds(t, "process_cpu_seconds_total",
			   (uint64_t)(used.ru_utime.tv_sec + used.ru_stime.tv_sec) * 1000000 +
			       (uint64_t)(used.ru_utime.tv_usec + used.ru_stime.tv_usec));
	metric_single(t, "process_resident_memory_bytes", "gauge", "Memory in RAM.", resident_pages * page);
	metric_single(t, "process_virtual_memory_bytes", "gauge", "Memory that is mapped.", virtual_pages * page);
	metric_single(t, "process_open_fds", "gauge", "Open descriptors.", open_descriptors());
	metric_single(t, "process_max_fds", "gauge", "How many there may be.", limit.rlim_cur);
	metric_begin(t, "process_start_time_seconds", "gauge", "Unix time of the start.");
	metric_put_seconds(t, "process_start_time_seconds", (uint64_t)started_us);
}

void metrics_answer(struct control *c, struct web_exchange *x, const struct web_request *request, struct bytes part)
{
	struct text_buf *t = &c->page;

	(void)request;
	(void)part;
	metric_begin(t, "hopaudit_build_info", "gauge", "What runs.");
	metric_put_labelled(t, "hopaudit_build_info", "version", HOPAUDIT_VERSION, 1);
	if (c->subject.audit)
		put_audit(t, c->subject.audit);
	if (c->subject.recorder)
		put_recorder(t, c->subject.recorder);
	if (c->subject.server)
		put_relay(t, c->subject.server);
	metric_single(t, "hopaudit_control_connections", "gauge", "Connections to dashboard and API.",
		      web_connections(c->web));
	put_process(t, c->started_us);
	if (t->failed)
		answer_problem(x, 500, "out of memory");
	else
		web_reply(x, 200, "text/plain; version=0.0.4; charset=utf-8", NULL, text_buf_view(t));
}
