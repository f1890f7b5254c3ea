/* SPDX-License-Identifier: MIT
 *
 * `hopaudit run`: the proxy around one command. The main thread starts everything and waits; the signal thread waits
 * for the command, passes signals on to it, and after its end lets a signal cut the draining short. */
#include <errno.h>
#include <semaphore.h>
#include <string.h>
#include <sys/wait.h>

#include "proxy/cli/child.h"
#include "proxy/cli/closing.h"
#include "proxy/cli/reports.h"

/* What the signal thread needs. Lives as long as that thread. */
struct run {
	struct session session;
	sem_t ended;        /* posted when the command has ended */
	pid_t child;        /* 0 when it has ended and was waited for */
	int status;         /* waitpid()'s; read after `ended` */
	struct trust trust; /* the files by which the command trusts us; of the main thread */
};

static void reap(struct run *r)
{
	int status;

	if (r->child == 0 || waitpid(r->child, &status, WNOHANG) != r->child)
		return;
	r->child = 0;
	r->status = status;
	sem_post(&r->ended);
}

/* In the signal thread. The terminal sends its signals to the whole group, so the command has had them already: only
 * what a process sent to us alone is passed on. */
static void on_signal(void *arg, int number, bool from_user)
{
	struct run *r = arg;

	if (number == SIGCHLD)
		reap(r);
	else if (r->child == 0)
		server_stop_now(r->session.server);
	else if (from_user)
		kill(r->child, number);
}

static int fail(const struct cli *cli, const char *why)
{
	fprintf(cli->err, "hopaudit: %s\n", why);
	return STATUS_FAILED;
}

/* As a shell would: 127 when there is no such command, 126 when it can't be executed. */
static int not_started(const struct cli *cli, const char *name, int error)
{
	if (error == ENOENT && !strchr(name, '/'))
		fprintf(cli->err, "hopaudit: %s: command not found\n", name);
	else
		fprintf(cli->err, "hopaudit: %s: %s%s\n", name, strerror(error),
			error == ENOEXEC ? " (a script needs a #! line)" : "");
	return error == ENOENT || error == ENOTDIR ? STATUS_NOT_FOUND : STATUS_NOT_STARTED;
}

/* Where the command can ask what was found so far. */
static bool add_api(const struct run *r, char ***environment)
{
	const char *token;
	char url[CONTROL_URL_MAX];

	if (!r->session.control)
		return true;
	token = control_token(r->session.control);
	control_url(r->session.control, false, url);
	return child_environment_add(environment, "HOPAUDIT_API", url) &&
	       (!token || child_environment_add(environment, "HOPAUDIT_API_TOKEN", token));
}

/* What leads the command's requests through the proxy, and makes it trust us. NULL with a reason. */
static char **make_environment(const struct cli *cli, struct run *r, char *error, size_t error_size)
{
	const struct trust *trust = NULL;
	struct trust_environment ours;
	char reach[64], url[80];
	char **environment = NULL;

	if (r->session.authority) {
		if (!trust_write(&r->trust, r->session.authority, cli->environment, NULL, error, error_size))
			return NULL;
		trust = &r->trust;
	}
	session_reach(&r->session, reach, sizeof(reach));
	snprintf(url, sizeof(url), "http://%s", reach);
	if (trust_environment(&ours, cli->environment, url, trust)) {
		environment = child_environment(cli->environment, &ours);
		trust_environment_free(&ours);
	}
	if (environment && add_api(r, &environment))
		return environment;
	child_environment_free(environment);
	snprintf(error, error_size, "out of memory");
	return NULL;
}

static void print_dashboard(FILE *err, const struct run *r)
{
	char url[CONTROL_URL_MAX];

	if (!r->session.control || r->session.config->quiet)
		return;
	control_url(r->session.control, true, url);
	fprintf(err, "hopaudit: dashboard at %s\n", url);
	fflush(err);
}

/* Starts the command; 0, or the exit status that says why not. */
static int start_command(const struct cli *cli, struct run *r, char *const *command, const struct signals *signals)
{
	char reason[SESSION_ERROR_MAX];
	char **environment = make_environment(cli, r, reason, sizeof(reason));
	int error;

	if (!environment)
		return fail(cli, reason);
	error = child_start(command, environment, signals, &r->child);
	child_environment_free(environment);
	return error ? not_started(cli, command[0], error) : 0;
}

/* Waits for the command; its exit status. */
static int wait_for_command(const struct cli *cli, struct run *r, struct signals *signals, char *const *command)
{
	if (!signals_start(signals, on_signal, r)) {
		kill(r->child, SIGTERM); /* without that thread nobody could end it */
		waitpid(r->child, &r->status, 0);
		r->child = 0;
		return fail(cli, "can't start the signal thread");
	}
	while (sem_wait(&r->ended) != 0 && errno == EINTR)
		;
	if (WIFSIGNALED(r->status))
		fprintf(cli->err, "hopaudit: %s was ended by signal %d (%s)\n", command[0], WTERMSIG(r->status),
			strsignal(WTERMSIG(r->status)));
	return child_status(r->status);
}

/* The session is open. */
static int run_session(const struct cli *cli, struct run *r, struct signals *signals, const struct options *o)
{
	struct session_result result;
	const struct closing closing = {
	    .session = &r->session,
	    .result = &result,
	    .command = (const char *const *)o->operands,
	    .fail_on = o->config.fail_on,
	};
	char error[SESSION_ERROR_MAX];
	int status;
	bool ran = false;

	if (!session_start(&r->session, error, sizeof(error))) {
		status = fail(cli, error);
	} else {
		print_dashboard(cli->err, r);
		status = start_command(cli, r, o->operands, signals);
		ran = status == 0;
	}
	if (ran)
		status = wait_for_command(cli, r, signals, o->operands);
	session_drain(&r->session); /* while a signal can still cut it short */
	signals_stop(signals);
	result = session_end(&r->session, status);
	if (ran)
		closing_report(cli->err, &closing);
	if (ran && !reports_write(cli, &closing) && status == 0)
		status = STATUS_FAILED;
	session_forget(&r->session);
	return status ? status : closing_status(&closing);
}

static int run(const struct cli *cli, const struct options *o)
{
	struct run r = {0};
	struct signals signals;
	char error[SESSION_ERROR_MAX];
	int status;

	signals_block(&signals);
	if (!session_open(&r.session, &o->config, o->operands[0], true, error, sizeof(error)))
		return fail(cli, error);
	sem_init(&r.ended, 0, 0);
	status = run_session(cli, &r, &signals, o);
	trust_remove(&r.trust);
	sem_destroy(&r.ended);
	return status;
}

int command_run(const struct cli *cli, const struct command *c, int count, char **arguments)
{
	char error[SESSION_ERROR_MAX];
	struct options o;
	int status;

	if (command_options(cli, c, count, arguments, &o, &status)) {
		if (o.operand_count == 0)
			status = command_usage_error(cli, c, "there is no command to run: hopaudit run -- COMMAND");
		else if (!reports_check(&o.config, error, sizeof(error)))
			status = command_usage_error(cli, c, "%s", error);
		else
			status = run(cli, &o);
	}
	options_free(&o);
	return status;
}
