/* SPDX-License-Identifier: MIT
 *
 * `hopaudit audit FILE.har`: the archive's exchanges are told to an audit as a relay would tell them, and what it says
 * is recorded, redacted, in a log from which all is reported; the log is kept where --out says so. */
#include <errno.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "audit/record/recorder.h"
#include "audit/report/har_play.h"
#include "proxy/cli/audit.h"
#include "proxy/cli/session.h"

/* What is made on the way, from the archive to its log. */
struct archive {
	struct har har;
	struct recorder *recorder;
	struct audit *audit;
	char *temporary; /* owned; a log that is not kept */
	const char *log; /* where it is */
	struct audit_totals totals;
	struct recorder_result record;
	char error[AUDIT_ERROR_MAX];
};

static bool fail(struct archive *a, const char *why)
{
	snprintf(a->error, sizeof(a->error), "%s", why);
	return false;
}

static bool open_log(struct archive *a, const struct config *config)
{
	const char *folder = getenv("TMPDIR");
	int fd;

	a->log = config->audit_out;
	if (a->log)
		return true;
	if (asprintf(&a->temporary, "%s/hopaudit-XXXXXX", folder && *folder ? folder : "/tmp") < 0) {
		a->temporary = NULL;
		return fail(a, strerror(ENOMEM));
	}
	fd = mkstemp(a->temporary);
	if (fd < 0)
		return fail(a, strerror(errno));
	close(fd);
	a->log = a->temporary;
	return true;
}

static bool open_recorder(struct archive *a, const struct config *config)
{
	struct recorder_config rc = {.path = a->log};
	uint8_t key[32];
	bool ok;

	/* Equal secrets of a log that goes away need not look like those of another. */
	if (config->audit_out)
		ok = session_key(config, key, a->error, sizeof(a->error));
	else
		ok = getrandom(key, sizeof(key), 0) == sizeof(key) || fail(a, strerror(errno));
	rc.redaction_key = key;
	if (ok)
		a->recorder = recorder_start(&rc, a->error, sizeof(a->error));
	explicit_bzero(key, sizeof(key));
	return a->recorder != NULL;
}

static bool open_audit(struct archive *a, const struct config *config)
{
	struct audit_config ac = audit_config_default();

	ac.profile = config->profile;
	ac.policy = config->policy;
	ac.window_us = (int64_t)config->window_ms * 1000;
	ac.budget_bytes = config->budget_bytes;
	/* Order, time and URL say which request follows which redirect: that is never certain. */
	ac.confidence_max = CONFIDENCE_MEDIUM;
	ac.sink = recorder_sink(a->recorder);
	if (getrandom(&ac.seed, sizeof(ac.seed), 0) != sizeof(ac.seed))
		return fail(a, strerror(errno));
	a->audit = audit_new(&ac);
	return a->audit || fail(a, strerror(ENOMEM));
}

static void begin(struct archive *a, const struct config *config)
{
	unsigned history = history_room(config->budget_bytes);
	char off[POLICY_OFF_MAX], run[17];
	uint64_t id = 0;

	(void)!getrandom(&id, sizeof(id), 0);
	snprintf(run, sizeof(run), "%016llx", (unsigned long long)id);
	struct audit_event e = {
	    .type = EVENT_RUN_STARTED,
	    .at_us = har_begin_us(&a->har),
	    .run_started = {.version = BYTES(HOPAUDIT_VERSION),
			    .run = bytes_str(run),
			    .listen = BYTES("none: a HAR"),
			    .profile = config->profile == PROFILE_STRICT ? BYTES("strict") : BYTES("default"),
			    .rules_off = policy_off(config->policy, off),
			    .decided = !policy_is_empty(config->policy),
			    .wall_us = har_begin_us(&a->har),
			    .history = history == HISTORY_MAX ? 0 : history},
	};

	audit_emit(a->audit, &e);
}

static void end(struct archive *a)
{
	struct audit_event e = {
	    .type = EVENT_RUN_FINISHED, .at_us = har_end_us(&a->har), .run_finished.command_status = -1};

	audit_finish(a->audit, e.at_us);
	audit_emit(a->audit, &e);
	a->totals = audit_totals(a->audit);
}

/* The recorder is slower than memory. */
static void wait_for_room(void)
{
	usleep(1000);
}

static bool judge(struct archive *a, const char *path)
{
	char why[AUDIT_ERROR_MAX / 2];

	if (har_play(&a->har, a->audit, wait_for_room, why, sizeof(why)))
		return true;
	snprintf(a->error, sizeof(a->error), "%s: %s", path, why);
	return false;
}

/* From the archive to its log; the audit must end before the recorder does. */
static bool record(struct archive *a, const struct config *config, const char *path)
{
	bool ok = har_read(&a->har, path, a->error, sizeof(a->error)) && open_log(a, config) &&
		  open_recorder(a, config) && open_audit(a, config);

	if (ok) {
		begin(a, config);
		ok = judge(a, path);
		end(a);
	}
	if (a->recorder)
		a->record = recorder_stop(a->recorder);
	audit_free(a->audit);
	if (ok && (a->record.lost > 0 || a->totals.lost > 0))
		ok = fail(a, "events could not be recorded");
	return ok;
}

static void tell_skipped(FILE *err, const char *path, const struct har *h)
{
	const struct har_skipped *s = &h->skipped;

	if (h->count < h->total)
		fprintf(err,
			"hopaudit: %s: %zu of %zu entries are no exchanges over HTTP: %zu of other schemes, %zu from a "
			"cache, "
			"%zu redirects of the browser's own\n",
			path, h->total - h->count, h->total, s->other_scheme, s->from_cache, s->internal);
	if (h->count > 0 && !h->has_credentials)
		fprintf(
		    err,
		    "hopaudit: %s: no request has a cookie or an Authorization: they may have been taken out, so that "
		    "nothing is said of credentials\n",
		    path);
}

int audit_har(const struct cli *cli, const struct options *o, const char *path)
{
	struct archive a = {.log = NULL};
	struct report_source source;
	int status = STATUS_FAILED;

	if (!record(&a, &o->config, path) ||
	    !report_source_at(&source, a.log, a.record.offset, a.error, sizeof(a.error))) {
		audit_failed(cli, a.error);
	} else {
		tell_skipped(cli->err, path, &a.har);
		source.name = o->config.audit_out;
		status = audit_tell(cli, o, &source);
	}
	har_free(&a.har);
	if (a.temporary)
		unlink(a.temporary);
	free(a.temporary);
	return status;
}
