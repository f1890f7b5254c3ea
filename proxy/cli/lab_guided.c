/* SPDX-License-Identifier: MIT
 *
 * A session as that of `run`, with the redirect lab behind it. A few threads run the driver, each for the next case;
 * what the lab saw is noted in its own thread, what the audit says is read from the log at the end. */
#include "proxy/cli/lab_guided.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "audit/report/log_reader.h"
#include "audit/report/report_output.h"
#include "proxy/cli/child.h"
#include "proxy/cli/clients.h"
#include "proxy/cli/session.h"
#include "proxy/cli/signals.h"
#include "proxy/cli/text.h"
#include "proxy/lab/driver.h"
#include "proxy/lab/sheet.h"

#define PATH_MAX_HERE 512
#define LAB_HOST "lab.hopaudit.invalid"

/* Made by lab_guided(); what stands behind the lock is shared by the threads while they run. */
struct guided {
	const struct cli *cli;
	const struct options *options;
	const struct signals *signals;
	struct session session;
	struct trust trust;         /* files by which clients trust us; empty with --no-intercept */
	char folder[PATH_MAX_HERE]; /* of the files that the driver is given; empty: not made */
	bool takes_fields, takes_authorization;
	struct lab_case cases[LAB_CASES_MAX];
	struct driver_jobs jobs;

	pthread_mutex_t lock;
	struct lab_result results[LAB_CASES_MAX];
	struct lab_sheet sheet;
	size_t next, ended;
	int start_error; /* why the driver could not be started; 0: it could */
	bool out_of_memory;
};

/* One thread. */
struct job {
	struct guided *guided;
	unsigned slot;
	pthread_t thread;
};

static int fail(const struct cli *cli, const char *why)
{
	fprintf(cli->err, "hopaudit: %s\n", why);
	return STATUS_FAILED;
}

/* --- cases --- */

static bool is_wanted(const struct string_list *groups, enum lab_group g)
{
	for (size_t i = 0; i < groups->count; i++) {
		if (strcmp(groups->items[i], lab_group_name(g)) == 0)
			return true;
	}
	return groups->count == 0;
}

static void choose_cases(struct guided *g)
{
	const struct config *config = &g->options->config;
	size_t all = lab_cases(g->cases), kept = 0;

	for (size_t i = 0; i < all; i++) {
		if (!is_wanted(&config->lab_groups, g->cases[i].group))
			continue;
		if (!config->intercept && (g->cases[i].secure || strstr(g->cases[i].target, "scheme=https")))
			continue;
		g->cases[kept++] = g->cases[i];
	}
	g->sheet = (struct lab_sheet){.cases = g->cases, .results = g->results, .count = kept};
}

/* --- the files that a driver is given --- */

static bool write_file(const char *path, struct text_buf *text)
{
	FILE *f = text->failed ? NULL : fopen(path, "we");
	bool ok = f && (text->len == 0 || fwrite(text->ptr, 1, text->len, f) == text->len);

	if (f && fclose(f))
		ok = false;
	return ok;
}

static void body_path(const struct guided *g, enum lab_material m, char out[PATH_MAX_HERE + 32])
{
	snprintf(out, PATH_MAX_HERE + 32, "%s/body-%d", g->folder, (int)m);
}

static void fields_path(const struct guided *g, enum lab_material m, unsigned secrets, char out[PATH_MAX_HERE + 32])
{
	snprintf(out, PATH_MAX_HERE + 32, "%s/fields-%d-%u", g->folder, (int)m, secrets);
}

static void put_fields(struct text_buf *out, enum lab_material m, unsigned secrets)
{
	if (lab_material_type(m)) {
		TEXT_BUF_LITERAL(out, "Content-Type: ");
		text_buf_add_str(out, lab_material_type(m));
		text_buf_add_char(out, '\n');
	}
	if (secrets & SECRET_AUTHORIZATION)
		TEXT_BUF_LITERAL(out, "Authorization: " LAB_SECRET_AUTHORIZATION "\n");
	if (secrets & SECRET_API_KEY)
		TEXT_BUF_LITERAL(out, "X-Api-Key: " LAB_SECRET_API_KEY "\n");
	if (secrets & SECRET_COOKIE)
		TEXT_BUF_LITERAL(out, "Cookie: " LAB_SECRET_COOKIE "\n");
}

static bool write_body(const struct guided *g, enum lab_material m)
{
	char path[PATH_MAX_HERE + 32];
	struct text_buf text = {0};
	bool ok;

	body_path(g, m, path);
	lab_material_write(m, &text);
	ok = write_file(path, &text);
	text_buf_free(&text);
	return ok;
}

static bool write_fields(const struct guided *g, enum lab_material m, unsigned secrets)
{
	char path[PATH_MAX_HERE + 32];
	struct text_buf text = {0};
	bool ok;

	fields_path(g, m, secrets, path);
	put_fields(&text, m, secrets);
	ok = write_file(path, &text);
	text_buf_free(&text);
	return ok;
}

static bool write_files(struct guided *g, char *error, size_t error_size)
{
	const char *base = getenv("TMPDIR");
	bool ok;

	snprintf(g->folder, sizeof(g->folder), "%s/hopaudit-lab-XXXXXX", base && *base ? base : "/tmp");
	ok = mkdtemp(g->folder) != NULL;
	if (!ok)
		g->folder[0] = '\0';
	for (int m = 0; ok && m < MATERIAL_COUNT; m++)
		ok = write_body(g, (enum lab_material)m);
	for (size_t i = 0; ok && i < g->sheet.count; i++)
		ok = write_fields(g, g->cases[i].material, g->cases[i].secrets);
	if (!ok)
		snprintf(error, error_size, "the files for the driver can't be written to %s: %s",
			 base && *base ? base : "/tmp", strerror(errno));
	return ok;
}

static void remove_files(const struct guided *g)
{
	char path[PATH_MAX_HERE + 32];

	if (!*g->folder)
		return;
	for (int m = 0; m < MATERIAL_COUNT; m++) {
		body_path(g, (enum lab_material)m, path);
		unlink(path);
	}
	for (size_t i = 0; i < g->sheet.count; i++) {
		fields_path(g, g->cases[i].material, g->cases[i].secrets, path);
		unlink(path);
	}
	rmdir(g->folder);
}

/* --- what the lab saw --- */

/* In the simulator's thread. */
static void on_seen(void *arg, const struct lab_seen *seen)
{
	struct guided *g = arg;
	struct bytes agent = head_get(seen->request->head, FIELD_USER_AGENT);
	int number = lab_case_of_token(seen->scenario->token);

	if (number < 0 || (size_t)number >= g->sheet.count)
		return;
	pthread_mutex_lock(&g->lock);
	deed_add(&g->results[number].deed, seen);
	if (!*g->sheet.client)
		snprintf(g->sheet.client, sizeof(g->sheet.client), "%.*s", (int)agent.len, agent.ptr);
	pthread_mutex_unlock(&g->lock);
}

/* --- running the driver --- */

/* Each case is a tag of its own, for clients that send the proxy's user name. */
static char **environment_of(const struct guided *g, size_t number)
{
	struct trust_environment ours;
	char reach[64], url[96];
	char **environment;

	session_reach(&g->session, reach, sizeof(reach));
	snprintf(url, sizeof(url), "http://c%zu:@%s", number, reach);
	if (!trust_environment(&ours, g->cli->environment, url, g->session.authority ? &g->trust : NULL))
		return NULL;
	environment = child_environment(g->cli->environment, &ours);
	trust_environment_free(&ours);
	return environment;
}

static char **arguments_of(const struct guided *g, size_t number)
{
	const struct lab_case *c = &g->cases[number];
	char url[256], body[PATH_MAX_HERE + 32], fields[PATH_MAX_HERE + 32];
	const char *values[PLACE_COUNT] = {
	    [PLACE_METHOD] = c->method,
	    [PLACE_URL] = url,
	    [PLACE_BODYFILE] = body,
	    [PLACE_HEADERFILE] = fields,
	    [PLACE_AUTHORIZATION] = c->secrets & SECRET_AUTHORIZATION ? LAB_SECRET_AUTHORIZATION : "",
	};

	snprintf(url, sizeof(url), "%s://" LAB_HOST "/case/c%zu%s", c->secure ? "https" : "http", number, c->target);
	body_path(g, c->material, body);
	fields_path(g, c->material, c->secrets, fields);
	return driver_arguments(g->options->operands, values);
}

static void run_case(struct guided *g, size_t number, unsigned slot)
{
	struct lab_result *r = &g->results[number];
	char **arguments = arguments_of(g, number), **environment = environment_of(g, number);
	struct driver_end end = {.start_error = ENOMEM};

	if (arguments && environment)
		end = driver_run(arguments, environment, &g->signals->before, g->options->config.lab_timeout_ms,
				 &g->jobs, slot);
	driver_arguments_free(arguments);
	child_environment_free(environment);
	pthread_mutex_lock(&g->lock);
	r->exit_status = end.status;
	r->timed_out = end.timed_out;
	snprintf(r->said, sizeof(r->said), "%s", end.said);
	if (end.start_error && !g->start_error)
		g->start_error = end.start_error;
	pthread_mutex_unlock(&g->lock);
}

/* What the driver has no way to be told. */
static bool is_skipped(const struct guided *g, const struct lab_case *c)
{
	if (c->secrets == 0 || g->takes_fields)
		return false;
	return !(c->secrets & SECRET_AUTHORIZATION) || !g->takes_authorization;
}

static void show_progress(const struct guided *g)
{
	FILE *err = g->cli->err;

	if (!isatty(fileno(err)))
		return;
	if (g->ended < g->sheet.count)
		fprintf(err, "\rhopaudit: %zu of %zu", g->ended, g->sheet.count);
	else
		fputs("\r\x1b[K", err);
	fflush(err);
}

/* The next case for a thread; false when there is none, or no use in going on. */
static bool take_case(struct guided *g, size_t *number)
{
	bool more;

	pthread_mutex_lock(&g->lock);
	more = g->next < g->sheet.count && !g->start_error && !atomic_load(&g->jobs.cancelled);
	if (more)
		*number = g->next++;
	pthread_mutex_unlock(&g->lock);
	return more;
}

static void *run_cases(void *arg)
{
	struct job *job = arg;
	struct guided *g = job->guided;
	size_t number;

	while (take_case(g, &number)) {
		g->results[number].skipped = is_skipped(g, &g->cases[number]);
		if (!g->results[number].skipped)
			run_case(g, number, job->slot);
		pthread_mutex_lock(&g->lock);
		g->ended++;
		show_progress(g);
		pthread_mutex_unlock(&g->lock);
	}
	return NULL;
}

static unsigned job_count(const struct guided *g)
{
	long processors = sysconf(_SC_NPROCESSORS_ONLN);
	unsigned jobs = g->options->config.lab_jobs;

	if (jobs == 0)
		jobs = processors < 1 ? 2 : processors > 8 ? 16 : (unsigned)processors * 2;
	if (jobs > g->sheet.count)
		jobs = (unsigned)g->sheet.count;
	return jobs > DRIVER_JOBS_MAX ? DRIVER_JOBS_MAX : jobs;
}

static bool run_all(struct guided *g)
{
	struct job jobs[DRIVER_JOBS_MAX];
	unsigned count = job_count(g), started = 0;

	for (; started < count; started++) {
		jobs[started] = (struct job){.guided = g, .slot = started};
		if (pthread_create(&jobs[started].thread, NULL, run_cases, &jobs[started]))
			break;
	}
	for (unsigned i = 0; i < started; i++)
		pthread_join(jobs[i].thread, NULL);
	return started > 0;
}

/* In the signal thread. */
static void on_signal(void *arg, int number, bool from_user)
{
	struct guided *g = arg;

	(void)from_user;
	if (number != SIGINT && number != SIGTERM && number != SIGQUIT)
		return;
	if (atomic_load(&g->jobs.cancelled))
		server_stop_now(g->session.server);
	driver_cancel(&g->jobs);
}

/* --- the end --- */

static bool judge(struct guided *g, const struct session_result *result, char *error, size_t error_size)
{
	struct report report;
	bool ok;

	report_init(&report);
	report.each_chain = true;
	report.chain_done = sheet_take_chain;
	report.chain_done_arg = &g->sheet;
	ok = report_read(&report, session_log_path(&g->session), result->record.offset, error, error_size);
	report_free(&report);
	return ok;
}

static bool write_out(const struct cli *cli, const char *option, const char *path, struct text_buf *text)
{
	bool ok;

	if (text->failed)
		errno = ENOMEM;
	if (strcmp(path, "-") == 0)
		ok = !text->failed && fwrite(text->ptr, 1, text->len, cli->out) == text->len && !fflush(cli->out);
	else
		ok = !text->failed && report_file_replace(path, text_buf_view(text));
	if (!ok)
		fprintf(cli->err, "hopaudit: --%s %s: %s\n", option, path, strerror(errno));
	text_buf_free(text);
	return ok;
}

static bool write_sheet(const struct guided *g)
{
	const struct config *config = &g->options->config;
	const struct {
		const char *option;
		const char *path;
		void (*write)(const struct lab_sheet *s, struct text_buf *out);
	} pages[] = {{"json", config->lab_json, sheet_json},
		     {"markdown", config->lab_markdown, sheet_markdown},
		     {"html", config->lab_html, sheet_html}};
	const struct terminal terminal = {.color = options_color(config, fileno(g->cli->out), g->cli->environment)};
	struct text_buf text = {0};
	bool ok = true, text_too = true;

	for (size_t i = 0; i < sizeof(pages) / sizeof(pages[0]); i++) {
		if (!pages[i].path)
			continue;
		pages[i].write(&g->sheet, &text);
		ok = write_out(g->cli, pages[i].option, pages[i].path, &text) && ok;
		text_too = text_too && strcmp(pages[i].path, "-") != 0;
	}
	if (!text_too)
		return ok;
	sheet_text(&g->sheet, &terminal, &text);
	return write_out(g->cli, "output", "-", &text) && ok;
}

/* The lab saw nothing of the driver, in any case. */
static int nothing_seen(const struct guided *g)
{
	const char *command = g->options->operands[0];
	const struct client_kind *kind = client_kind_of(command, getenv("PATH"));
	char said[220];

	text_quote(said, sizeof(said), g->results[0].said);
	fprintf(g->cli->err, "hopaudit: the lab saw no request of %s", command);
	if (*g->results[0].said)
		fprintf(g->cli->err, ", which ended with status %d and said %s", g->results[0].exit_status, said);
	fprintf(g->cli->err, ". Does it read http_proxy?%s%s\n", kind && kind->hints[0] ? " " : "",
		kind && kind->hints[0] ? kind->hints[0] : "");
	return STATUS_FAILED;
}

static int status_of(const struct guided *g)
{
	struct lab_score score = sheet_score(&g->sheet, GROUP_LAB_COUNT);
	enum severity fail_on = g->options->config.fail_on;

	if (fail_on == SEVERITY_NONE)
		return STATUS_OK;
	if (score.verdicts[LAB_VIOLATED] > 0 || (fail_on <= SEVERITY_WARNING && score.verdicts[LAB_WARNED] > 0))
		return STATUS_FINDING;
	return STATUS_OK;
}

static bool anything_seen(const struct guided *g)
{
	for (size_t i = 0; i < g->sheet.count; i++) {
		if (g->results[i].deed.requests > 0)
			return true;
	}
	return false;
}

/* All drivers have run, or none can. */
static int finish(struct guided *g, const struct session_result *result)
{
	const char *command = g->options->operands[0];
	char error[SESSION_ERROR_MAX];

	if (atomic_load(&g->jobs.cancelled)) {
		fputs("hopaudit: interrupted\n", g->cli->err);
		return 128 + SIGINT;
	}
	if (g->start_error) {
		fprintf(g->cli->err, "hopaudit: %s: %s\n", command,
			g->start_error == ENOENT && !strchr(command, '/') ? "command not found"
									  : strerror(g->start_error));
		return g->start_error == ENOENT || g->start_error == ENOTDIR ? STATUS_NOT_FOUND : STATUS_NOT_STARTED;
	}
	if (!judge(g, result, error, sizeof(error)))
		return fail(g->cli, error);
	if (!anything_seen(g))
		return nothing_seen(g);
	if (!write_sheet(g))
		return STATUS_FAILED;
	if (result->lost > 0) {
		fprintf(g->cli->err, "hopaudit: %llu events could not be recorded: the verdicts are not complete\n",
			(unsigned long long)result->lost);
		return STATUS_FAILED;
	}
	return status_of(g);
}

/* The session is open. */
static int run_session(struct guided *g, struct signals *signals)
{
	struct session_result result;
	char error[SESSION_ERROR_MAX] = "can't start the threads";
	bool ok;
	int status;

	server_observe_lab(g->session.server, on_seen, g);
	ok = (!g->session.authority ||
	      trust_write(&g->trust, g->session.authority, g->cli->environment, NULL, error, sizeof(error))) &&
	     write_files(g, error, sizeof(error)) && session_start(&g->session, error, sizeof(error));
	if (ok && !signals_start(signals, on_signal, g))
		ok = false;
	if (ok)
		ok = run_all(g);
	session_drain(&g->session);
	signals_stop(signals);
	result = session_end(&g->session, -1);
	status = ok ? finish(g, &result) : fail(g->cli, error);
	session_forget(&g->session);
	return status;
}

static int run(struct guided *g)
{
	struct signals signals;
	char error[SESSION_ERROR_MAX];
	int status;

	signals_block(&signals);
	g->signals = &signals;
	if (!session_open(&g->session, &g->options->config, g->options->operands[0], true, error, sizeof(error)))
		return fail(g->cli, error);
	status = run_session(g, &signals);
	remove_files(g);
	trust_remove(&g->trust);
	return status;
}

static void replace(char **text, const char *by)
{
	free(*text);
	*text = config_string(by);
}

/* A proxy that nobody else uses. */
static void adapt_config(struct options *o)
{
	struct config *config = &o->config;

	replace(&config->listen, "127.0.0.1:0");
	replace(&config->dashboard, "off");
	if (options_source(o, "log") != SOURCE_FLAG)
		replace(&config->log, "-");
	config->ca_ephemeral = !config->ca_cert;
	config->timeouts.drain_ms = 1000;
	config->passthrough_rejected = true;
}

/* The command, with quotes where a shell would need them. */
static bool put_command(char *const *command, struct text_buf *out)
{
	for (; *command; command++) {
		bool plain = **command != '\0' && !strpbrk(*command, " \t\n\"'\\$`*?<>|&;()#~");

		if (out->len > 0)
			text_buf_add_char(out, ' ');
		text_buf_add_str(out, plain ? "" : "'");
		text_buf_add_str(out, *command);
		text_buf_add_str(out, plain ? "" : "'");
	}
	return !out->failed;
}

static int guided(const struct cli *cli, struct options *o)
{
	struct guided *g = calloc(1, sizeof(*g));
	struct text_buf command = {0};
	int status;

	if (!g || !put_command(o->operands, &command)) {
		free(g);
		return fail(cli, "out of memory");
	}
	g->cli = cli;
	g->options = o;
	pthread_mutex_init(&g->lock, NULL);
	g->takes_fields = driver_has(o->operands, PLACE_HEADERFILE);
	g->takes_authorization = driver_has(o->operands, PLACE_AUTHORIZATION);
	choose_cases(g);
	g->sheet.driver = text_buf_view(&command);
	status = run(g);
	pthread_mutex_destroy(&g->lock);
	text_buf_free(&command);
	free(g);
	return status;
}

int lab_guided(const struct cli *cli, const struct command *c, struct options *o)
{
	if (!driver_has(o->operands, PLACE_METHOD) || !driver_has(o->operands, PLACE_URL))
		return command_usage_error(cli, c,
					   "the driver must be told what to ask: its command needs {method} and {url}");
	adapt_config(o);
	return guided(cli, o);
}
