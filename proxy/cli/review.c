/* SPDX-License-Identifier: MIT
 *
 * `hopaudit review`: the dashboard on a saved log, without a proxy. The log may still grow: what comes is shown. */
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include "proxy/cli/browser.h"
#include "proxy/cli/command.h"
#include "proxy/cli/review_progress.h"
#include "proxy/cli/session.h"
#include "proxy/cli/signals.h"
#include "proxy/control/ready_file.h"

#define PROGRESS_MS 200 /* between two looks at how far the log was read */

/* In the signal thread; `arg` is an eventfd. */
static void on_signal(void *arg, int number, bool from_user)
{
	const uint64_t one = 1;

	(void)from_user;
	if (number == SIGHUP || number == SIGCHLD)
		return;
	while (write(*(const int *)arg, &one, sizeof(one)) < 0 && errno == EINTR)
		;
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

/* The URL with a token would stand in the list of processes, for all users to read. */
static void open_page(const struct cli *cli, const struct control *c, const char *url, const struct signals *signals)
{
	const char *opener;
	int error;

	if (control_token(c)) {
		fprintf(cli->err, "hopaudit: --open: the URL holds a token, so open it yourself\n");
		return;
	}
	error = browser_open(url, signals, &opener);
	if (error)
		fprintf(cli->err, "hopaudit: --open: %s: %s\n", opener, strerror(error));
}

/* Until a signal comes; tells meanwhile how far the log was read. */
static void wait_for_end(const struct cli *cli, const struct control *c, int ended_fd)
{
	struct review_progress progress = {.out = cli->err, .terminal = isatty(fileno(cli->err)) == 1};
	struct pollfd ended = {.fd = ended_fd, .events = POLLIN};

	while (poll(&ended, 1, progress.done ? -1 : PROGRESS_MS) <= 0) {
		struct control_reading reading = control_reading(c);

		review_progress_tell(&progress, &reading);
	}
	if (progress.shown || progress.terminal)
		fputc('\n', cli->err); /* behind the terminal's ^C */
}

static int serve(const struct cli *cli, const struct config *config, struct control *c, const char *log, int ended_fd)
{
	char error[SESSION_ERROR_MAX] = "can't start the threads", url[CONTROL_URL_MAX];
	struct signals signals;
	int status = STATUS_OK;

	signals_block(&signals);
	if (!signals_start(&signals, on_signal, &ended_fd) || !control_start(c) ||
	    !write_ready_file(config, c, log, error, sizeof(error))) {
		status = fail(cli, error);
	} else {
		control_url(c, true, url);
		fprintf(cli->err, "hopaudit: %s at %s (Ctrl-C ends)\n", log, url);
		fflush(cli->err);
		if (config->review_open)
			open_page(cli, c, url, &signals);
		wait_for_end(cli, c, ended_fd);
		if (config->ready_file)
			unlink(config->ready_file);
	}
	signals_stop(&signals);
	return status;
}

static int review(const struct cli *cli, struct config *config, const char *log)
{
	char error[SESSION_ERROR_MAX];
	struct control *c;
	struct stat st;
	int status, ended_fd;

	errno = 0;
	if (stat(log, &st) != 0 || !S_ISREG(st.st_mode)) {
		snprintf(error, sizeof(error), "%s: %s", log, errno ? strerror(errno) : "not a regular file");
		return fail(cli, error);
	}
	c = open_control(config, log, error, sizeof(error));
	if (!c)
		return fail(cli, error);
	ended_fd = eventfd(0, EFD_CLOEXEC);
	status = ended_fd < 0 ? fail(cli, strerror(errno)) : serve(cli, config, c, log, ended_fd);
	control_stop(c);
	if (ended_fd >= 0)
		close(ended_fd);
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
