/* SPDX-License-Identifier: MIT
 *
 * `hopaudit proxy`: listens until it is told to end. The main thread waits and drains; the signal thread tells it when,
 * and ends the draining when it is told twice. */
#include <errno.h>
#include <semaphore.h>
#include <string.h>

#include "proxy/cli/closing.h"
#include "proxy/cli/signals.h"

/* What the signal thread needs. Lives as long as that thread. */
struct daemon {
	struct session session;
	sem_t ended; /* posted at the first signal that ends it */
	bool ending; /* of the signal thread */
};

/* In the signal thread. */
static void on_signal(void *arg, int number, bool from_user)
{
	struct daemon *d = arg;

	(void)from_user;
	switch (number) {
	case SIGHUP:
		recorder_reopen(d->session.recorder);
		break;
	case SIGINT:
	case SIGTERM:
	case SIGQUIT:
		if (d->ending || number == SIGQUIT)
			server_stop_now(d->session.server);
		if (!d->ending)
			sem_post(&d->ended);
		d->ending = true;
		break;
	default:
		break;
	}
}

static void print_dashboard(FILE *err, const struct session *s)
{
	char url[CONTROL_URL_MAX];

	if (s->control) {
		control_url(s->control, true, url);
		fprintf(err, "hopaudit: dashboard at %s\n", url);
	}
	if (*s->notice)
		fprintf(err, "hopaudit: %s\n", s->notice);
}

static void print_listening(FILE *err, const struct session *s)
{
	char reach[64];

	session_reach(s, reach, sizeof(reach));
	fprintf(err, "hopaudit: listening on %s; export http_proxy=http://%s https_proxy=http://%s\n",
		server_address(s->server), reach, reach);
	if (s->authority)
		fprintf(err,
			"hopaudit: programs must trust its certificates for https: eval \"$(hopaudit ca env --listen "
			"%s)\"\n",
			reach);
	print_dashboard(err, s);
	fflush(err);
}

static void wait_for_end(struct daemon *d)
{
	while (sem_wait(&d->ended) != 0 && errno == EINTR)
		;
}

static int fail(const struct cli *cli, const char *why)
{
	fprintf(cli->err, "hopaudit: %s\n", why);
	return STATUS_FAILED;
}

/* From the start of the signal thread to its end; the session is open. */
static int serve(const struct cli *cli, struct daemon *d, struct signals *signals, enum severity fail_on)
{
	struct session_result result;
	struct closing closing = {.session = &d->session, .result = &result, .fail_on = fail_on};
	char error[SESSION_ERROR_MAX] = "can't start the signal thread";
	bool serving = signals_start(signals, on_signal, d) && session_start(&d->session, error, sizeof(error));

	if (serving) {
		print_listening(cli->err, &d->session);
		wait_for_end(d);
	} else {
		fail(cli, error);
	}
	session_drain(&d->session); /* while a second signal can still end it */
	signals_stop(signals);
	result = session_end(&d->session, -1);
	closing.reopened = result.record.moved;
	if (serving)
		closing_report(cli->err, &closing);
	session_forget(&d->session);
	return serving ? closing_status(&closing) : STATUS_FAILED;
}

static int proxy(const struct cli *cli, const struct options *o)
{
	enum severity fail_on = options_source(o, "fail-on") == SOURCE_DEFAULT ? SEVERITY_NONE : o->config.fail_on;
	struct daemon d = {0};
	struct signals signals;
	char error[SESSION_ERROR_MAX];
	int status;

	signals_block(&signals);
	if (!session_open(&d.session, &o->config, NULL, false, error, sizeof(error)))
		return fail(cli, error);
	sem_init(&d.ended, 0, 0);
	status = serve(cli, &d, &signals, fail_on);
	sem_destroy(&d.ended);
	return status;
}

int command_proxy(const struct cli *cli, const struct command *c, int count, char **arguments)
{
	struct options o;
	int status;

	if (command_options(cli, c, count, arguments, &o, &status)) {
		if (o.operand_count > 0)
			status = command_usage_error(cli, c, "`hopaudit proxy` takes no operand, but was given '%s'",
						     o.operands[0]);
		else
			status = proxy(cli, &o);
	}
	options_free(&o);
	return status;
}
