/* SPDX-License-Identifier: MIT
 *
 * The main thread waits; the signal thread tells it when to end. */
#include "proxy/cli/lab_serve.h"

#include <errno.h>
#include <semaphore.h>
#include <string.h>
#include <unistd.h>

#include "audit/record/json_line.h"
#include "audit/report/report_output.h"
#include "proxy/cli/own_files.h"
#include "proxy/cli/signals.h"
#include "proxy/lab/simulator.h"
#include "proxy/tls/context.h"

/* Between lab_serve() and its end. */
struct lab_server {
	struct authority *authority; /* owned; NULL with --no-intercept */
	struct tls_context tls;
	struct simulator *simulator; /* owned */
	sem_t ended;
};

static void on_signal(void *arg, int number, bool from_user)
{
	struct lab_server *l = arg;

	(void)from_user;
	if (number == SIGINT || number == SIGTERM || number == SIGQUIT)
		sem_post(&l->ended);
}

static bool start(struct lab_server *l, const struct cli *cli, const struct config *config, char *error,
		  size_t error_size)
{
	struct simulator_options options = {.kind = SIMULATOR_PORTS, .listen = config->lab_listen};

	if (config->intercept) {
		l->authority = own_authority(config, cli->environment, error, error_size);
		if (!l->authority || !tls_context_init(&l->tls, config, l->authority, error, error_size))
			return false;
		options.tls = &l->tls;
	}
	l->simulator = simulator_start(&options, error, error_size);
	return l->simulator != NULL;
}

static void print_urls(const struct cli *cli, const struct lab_world *w)
{
	static const char *const what[SITE_COUNT] = {
	    [SITE_HOME] = "what there is",
	    [SITE_PORT] = "another port of the same host",
	    [SITE_SIBLING] = "another host of the same site",
	    [SITE_FOREIGN] = "another site",
	};

	fputs("hopaudit: the redirect lab is at\n", cli->out);
	for (int secure = 0; secure < 2; secure++) {
		for (int s = 0; s < SITE_COUNT; s++) {
			const char *authority = w->authority[s][secure];
			int pad = 28 - (int)strlen(authority) - secure;

			if (*authority)
				fprintf(cli->out, "  %-8s %s://%s/%*s%s\n", lab_site_name((enum lab_site)s),
					secure ? "https" : "http", authority, pad > 0 ? pad : 1, "", what[s]);
		}
	}
	fflush(cli->out);
}

/* {"pid":1,"origins":{"home":{"http":"http://127.0.0.1:1"},...}} */
static bool write_ready_file(const char *path, const struct lab_world *w, char *error, size_t error_size)
{
	struct text_buf t = {0};
	char url[LAB_AUTHORITY_MAX + 16];
	bool ok;

	json_put_object_begin(&t, NULL);
	json_put_int(&t, "pid", getpid());
	json_put_object_begin(&t, "origins");
	for (int s = 0; s < SITE_COUNT; s++) {
		if (!*w->authority[s][false])
			continue;
		json_put_object_begin(&t, lab_site_name((enum lab_site)s));
		for (int secure = 0; secure < 2; secure++) {
			snprintf(url, sizeof(url), "%s://%s", secure ? "https" : "http", w->authority[s][secure]);
			if (*w->authority[s][secure])
				json_put_text(&t, secure ? "https" : "http", url);
		}
		json_put_object_end(&t);
	}
	json_put_object_end(&t);
	json_put_object_end(&t);
	text_buf_add_char(&t, '\n');
	ok = !t.failed && report_file_replace(path, text_buf_view(&t));
	if (!ok)
		snprintf(error, error_size, "--ready-file %s: %s", path, strerror(errno));
	text_buf_free(&t);
	return ok;
}

static int fail(const struct cli *cli, const char *why)
{
	fprintf(cli->err, "hopaudit: %s\n", why);
	return STATUS_FAILED;
}

static int serve(struct lab_server *l, const struct cli *cli, const struct config *config)
{
	const struct lab_world *world;
	struct signals signals;
	char error[512];
	int status = STATUS_OK;

	signals_block(&signals);
	if (!start(l, cli, config, error, sizeof(error)))
		return fail(cli, error);
	world = simulator_world(l->simulator);
	if (!signals_start(&signals, on_signal, l))
		return fail(cli, "can't start the signal thread");
	if (config->ready_file && !write_ready_file(config->ready_file, world, error, sizeof(error))) {
		status = fail(cli, error);
	} else {
		print_urls(cli, world);
		while (sem_wait(&l->ended) != 0 && errno == EINTR)
			;
		if (config->ready_file)
			unlink(config->ready_file);
	}
	signals_stop(&signals);
	return status;
}

int lab_serve(const struct cli *cli, const struct options *o)
{
	struct lab_server l = {0};
	int status;

	sem_init(&l.ended, 0, 0);
	status = serve(&l, cli, &o->config);
	simulator_free(l.simulator);
	tls_context_free(&l.tls);
	authority_free(l.authority);
	sem_destroy(&l.ended);
	return status;
}
