/* SPDX-License-Identifier: MIT
 *
 * `hopaudit doctor`: what could keep requests from being seen, told before it does. Reads and looks, changes nothing
 * and runs nothing. */
#include <arpa/inet.h>
#include <errno.h>
#include <openssl/err.h>
#include <openssl/x509_vfy.h>
#include <stdarg.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "proxy/cli/address.h"
#include "proxy/cli/ask.h"
#include "proxy/cli/clients.h"
#include "proxy/cli/command.h"
#include "proxy/cli/own_files.h"
#include "proxy/cli/text.h"
#include "proxy/clock.h"

/* One examination. */
struct doctor {
	const struct cli *cli;
	const struct config *config;
	size_t width;
	bool broken; /* something has to be put right first */
};

enum finding { FINE, NOTE, WRONG };

PRINTF(3, 4) static void say(struct doctor *d, enum finding what, const char *format, ...)
{
	static const char *const marks[] = {[FINE] = "  ok     ", [NOTE] = "  note   ", [WRONG] = "  WRONG  "};
	char text[1024];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	fputs(marks[what], d->cli->out);
	text_wrap(d->cli->out, strlen(marks[what]), strlen(marks[what]), d->width, text);
	d->broken = d->broken || what == WRONG;
}

/* --- the listener --- */

static struct addrinfo *listener_address(const char *listen)
{
	const struct addrinfo hints = {.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV, .ai_socktype = SOCK_STREAM};
	const char *colon = strrchr(listen, ':');
	struct addrinfo *found = NULL;
	char host[64];
	bool bracketed = *listen == '[';

	if (!colon || colon - listen >= (int)sizeof(host))
		return NULL;
	snprintf(host, sizeof(host), "%.*s", (int)(colon - listen) - 2 * bracketed, listen + bracketed);
	return getaddrinfo(host, colon + 1, &hints, &found) == 0 ? found : NULL;
}

/* Does a hopaudit answer there? It knows a name that nobody else knows. */
static bool is_hopaudit(const struct addrinfo *at)
{
	const struct bytes request =
	    BYTES("GET http://hopaudit.invalid/ HTTP/1.1\r\nHost: hopaudit.invalid\r\nConnection: close\r\n\r\n");
	char answer[1024];

	return ask(at, request, answer, sizeof(answer)) == 0 && strstr(answer, "hopaudit") != NULL;
}

/* 0, or why a listener could not be bound there. */
static int try_bind(const struct addrinfo *at)
{
	const int on = 1;
	int fd = socket(at->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0), error = 0;

	if (fd < 0)
		return errno;
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (bind(fd, at->ai_addr, at->ai_addrlen) || listen(fd, 1))
		error = errno;
	close(fd);
	return error;
}

static void check_listener(struct doctor *d)
{
	const char *listen = d->config->listen;
	struct addrinfo *at = listener_address(listen);
	int error = at ? try_bind(at) : EINVAL;

	if (error == 0)
		say(d, FINE, "%s is free: `hopaudit proxy` can listen there", listen);
	else if (error == EADDRINUSE && is_hopaudit(at))
		say(d, FINE, "a hopaudit listens on %s", listen);
	else if (error == EADDRINUSE)
		say(d, WRONG, "%s is in use by another program: give `hopaudit proxy` another --listen ADDRESS:PORT",
		    listen);
	else
		say(d, WRONG, "%s: %s", listen, strerror(error));
	if (at)
		freeaddrinfo(at);
}

/* --- the environment --- */

static const char *either(struct doctor *d, const char *name, const char *capitals)
{
	const char *value = environment_get(d->cli->environment, name);

	return value && *value ? value : environment_get(d->cli->environment, capitals);
}

static void check_environment(struct doctor *d)
{
	const char *no_proxy = either(d, "no_proxy", "NO_PROXY"), *proxy = either(d, "http_proxy", "HTTP_PROXY");
	const char *keys = environment_get(d->cli->environment, "SSLKEYLOGFILE");
	char reach[64], quoted[160];

	address_reach(d->config->listen, reach, sizeof(reach));
	text_quote(quoted, sizeof(quoted), no_proxy ? no_proxy : "");
	if (no_proxy && *no_proxy)
		say(d, NOTE,
		    "NO_PROXY is %s: requests to these names go around `hopaudit proxy`; `hopaudit run` takes it away",
		    quoted);
	text_quote(quoted, sizeof(quoted), proxy ? proxy : "");
	if (proxy && *proxy && !strstr(proxy, reach))
		say(d, NOTE,
		    "http_proxy is %s, not http://%s: `hopaudit run` replaces it, and hopaudit itself goes to "
		    "origins directly",
		    quoted, reach);
	text_quote(quoted, sizeof(quoted), keys ? keys : "");
	if (keys && *keys)
		say(d, NOTE, "SSLKEYLOGFILE is set: the secrets of all TLS connections are appended to %s", quoted);
}

/* --- certificates and clock --- */

/* Does OpenSSL, with the system's roots and the environment's, trust this certificate? */
static bool system_trusts(X509_STORE *roots, X509 *x)
{
	X509_STORE_CTX *context = X509_STORE_CTX_new();
	bool trusted = context && X509_STORE_CTX_init(context, roots, x, NULL) == 1 && X509_verify_cert(context) == 1;

	X509_STORE_CTX_free(context);
	ERR_clear_error();
	return trusted;
}

static void check_authority(struct doctor *d, X509_STORE *roots, const struct authority *a)
{
	X509 *x = authority_certificate(a);

	if (X509_cmp_current_time(X509_get0_notBefore(x)) > 0)
		say(d, WRONG, "the authority's certificate is not valid yet: this machine's clock is behind");
	else if (system_trusts(roots, x))
		say(d, FINE, "the authority's certificate is trusted by this system");
	else
		say(d, NOTE,
		    "the authority of `hopaudit proxy` is not trusted by this system: give it to each program by "
		    "eval \"$(hopaudit ca env)\", or to the system (`hopaudit ca show` says how). `hopaudit run` needs "
		    "neither");
}

/* The authority is looked at, not made. */
static bool is_made(struct doctor *d)
{
	char path[OWN_PATH_MAX];

	return d->config->ca_cert || (own_path(d->cli->environment, "ca.pem", path) && access(path, F_OK) == 0);
}

static void check_certificates(struct doctor *d)
{
	X509_STORE *roots = X509_STORE_new();
	struct authority *a = NULL;
	char error[512];

	if (!roots || !X509_STORE_set_default_paths(roots) || sk_X509_OBJECT_num(X509_STORE_get0_objects(roots)) == 0)
		say(d, WRONG,
		    "this system has no root certificates, so every origin would be refused: install "
		    "ca-certificates, or name yours with --upstream-ca FILE");
	if (is_made(d)) {
		a = own_authority(d->config, d->cli->environment, error, sizeof(error));
		if (a && roots)
			check_authority(d, roots, a);
		else
			say(d, WRONG, "%s", a ? "out of memory" : error);
	} else {
		say(d, FINE, "the authority of `hopaudit proxy` is made at first use");
	}
	authority_free(a);
	X509_STORE_free(roots);
	ERR_clear_error();
}

/* Certificates are made by the clock; one that stands before this program was built surely is wrong. */
static void check_clock(struct doctor *d)
{
	const time_t day = 24 * 3600, now = (time_t)(clock_wall_us() / 1000000);
	struct stat st;

	if (stat("/proc/self/exe", &st) == 0 && st.st_mtime > now + day)
		say(d, WRONG, "this machine's clock is behind: certificates made by it will not be valid for others");
	else
		say(d, FINE, "the clock can be right");
}

/* --- the command --- */

static void print_kind(struct doctor *d, const struct client_kind *kind)
{
	for (unsigned i = 0; i < CLIENT_HINTS_MAX && kind->hints[i]; i++)
		say(d, NOTE, "%s: %s", kind->title, kind->hints[i]);
}

static void check_command(struct doctor *d, const char *command)
{
	const char *path = environment_get(d->cli->environment, "PATH");
	const struct client_kind *kind = client_kind_of(command, path);
	char quoted[160], file[4096];

	text_quote(quoted, sizeof(quoted), command);
	fprintf(d->cli->out, "\n%s\n", quoted);
	if (!client_find_file(command, path, file, sizeof(file)))
		say(d, WRONG, "there is no such command");
	if (kind) {
		say(d, FINE, "%s: under `hopaudit run` it goes by %s", kind->title, kind->reads);
		print_kind(d, kind);
		return;
	}
	say(d, NOTE, "what kind of client this is, or starts, can't be told. These go around a proxy at times:");
	for (unsigned i = 0; (kind = client_kind_at(i)) != NULL; i++)
		print_kind(d, kind);
}

static int doctor(const struct cli *cli, const struct options *o)
{
	struct doctor d = {.cli = cli, .config = &o->config, .width = cli_width(cli->out)};

	fputs("this machine\n", cli->out);
	check_listener(&d);
	check_environment(&d);
	check_certificates(&d);
	check_clock(&d);
	if (o->operand_count > 0)
		check_command(&d, o->operands[0]);
	return d.broken ? STATUS_FINDING : STATUS_OK;
}

int command_doctor(const struct cli *cli, const struct command *c, int count, char **arguments)
{
	struct options o;
	int status;

	if (command_options(cli, c, count, arguments, &o, &status))
		status = doctor(cli, &o);
	options_free(&o);
	return status;
}
