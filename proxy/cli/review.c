/* SPDX-License-Identifier: MIT
 *
 * `hopaudit review`: the dashboard on a saved log, without a proxy. The log may still grow: what comes is shown. */
#include <errno.h>
#include <semaphore.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "proxy/cli/command.h"
#include "proxy/cli/session.h"
#include "proxy/cli/signals.h"
#include "proxy/control/ready_file.h"

/* In the signal thread. */
static void on_signal(void *arg, int number, bool from_user)
{
	(void)from_user;
	if (number != SIGHUP && number != SIGCHLD)
		sem_post(arg);
}

static int fail(const struct cli *cli, const char *why)
{
	fprintf(cli->err, "hopaudit: %s\n", why);
	return STATUS_FAILED;
}

/* The usual port may be a running proxy's: then any free one will do. */
static struct control *open_control(struct config *config, const char *log, char *error, size_t error_size)
{
	const struct control_subject subject = {.config = config, .log = log};
	bool in_use;
	struct control *c = control_open(&subject, &in_use, error, error_size);

	if (c || !in_use || config->dashboard_given)
		return c;
	free(config->dashboard);
	config->dashboard = config_string("127.0.0.1:0");
	return control_open(&subject, &in_use, error, error_size);
}

static bool write_ready_file(const struct config *config, const struct control *c, const char *log, char *error,
			     size_t error_size)
{
	char url[CONTROL_URL_MAX];
	const struct ready_facts facts = {.dashboard = url, .token = control_token(c), .log = log};

	control_url(c, false, url);
	return !config->ready_file || ready_file_write(config->ready_file, &facts, error, error_size);
}

static int serve(const struct cli *cli, const struct config *config, struct control *c, const char *log)
{
	char error[SESSION_ERROR_MAX] = "can't start the threads", url[CONTROL_URL_MAX];
	struct signals signals;
	sem_t ended;
	int status = STATUS_OK;

	sem_init(&ended, 0, 0);
	signals_block(&signals);
	if (!signals_start(&signals, on_signal, &ended) || !control_start(c) ||
	    !write_ready_file(config, c, log, error, sizeof(error))) {
		status = fail(cli, error);
	} else {
		control_url(c, true, url);
		fprintf(cli->err, "hopaudit: %s at %s (Ctrl-C ends)\n", log, url);
		fflush(cli->err);
		while (sem_wait(&ended) != 0 && errno == EINTR)
			;
		if (config->ready_file)
			unlink(config->ready_file);
	}
	signals_stop(&signals);
	sem_destroy(&ended);
	return status;
}

static int review(const struct cli *cli, struct config *config, const char *log)
{
	char error[SESSION_ERROR_MAX];
	struct control *c;
	struct stat st;
	int status;

	errno = 0;
	if (stat(log, &st) != 0 || !S_ISREG(st.st_mode)) {
		snprintf(error, sizeof(error), "%s: %s", log, errno ? strerror(errno) : "not a regular file");
		return fail(cli, error);
	}
	c = open_control(config, log, error, sizeof(error));
	if (!c)
		return fail(cli, error);
	status = serve(cli, config, c, log);
	control_stop(c);
	return status;
}

/* That a daemon of this user's has no dashboard does not matter here. */
static void use_dashboard(struct options *o)
{
	if (strcmp(o->config.dashboard, "off") != 0 || options_source(o, "dashboard") == SOURCE_FLAG)
		return;
	free(o->config.dashboard);
	o->config.dashboard = config_string("127.0.0.1:8308");
	o->config.dashboard_given = false;
}

int command_review(const struct cli *cli, const struct command *c, int count, char **arguments)
{
	struct options o;
	int status;

	if (command_options(cli, c, count, arguments, &o, &status)) {
		use_dashboard(&o);
		if (o.operand_count > 1)
			status = command_usage_error(cli, c, "`hopaudit review` shows one log, but was given %d",
						     o.operand_count);
		else if (strcmp(o.config.dashboard, "off") == 0)
			status = command_usage_error(
			    cli, c, "`hopaudit review` is the dashboard: --dashboard off shows nothing");
		else
			status = review(cli, &o.config, o.operand_count > 0 ? o.operands[0] : o.config.log);
	}
	options_free(&o);
	return status;
}
