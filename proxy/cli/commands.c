/* SPDX-License-Identifier: MIT
 *
 * The table of subcommands, and the way from argv to one of them. */
#include "proxy/cli/command.h"

#include <stdarg.h>
#include <string.h>
#include <unistd.h>

#include "proxy/cli/help.h"
#include "proxy/cli/text.h"

static const struct command table[] = {
    {
	.name = "run",
	.bit = COMMAND_RUN,
	.operands = "[OPTIONS] [--] COMMAND [ARGUMENT...]",
	.summary = "run a command through the proxy and report on its redirects",
	.description =
	    "Starts the proxy on a free port, runs COMMAND with an environment that leads its requests through it, and "
	    "prints a summary on stderr when COMMAND has ended. COMMAND keeps its stdin, stdout, stderr and the "
	    "terminal's signals.\n\n"
	    "TLS is opened with certificates of an authority that lives as long as the run: the variables of `hopaudit "
	    "ca env` make COMMAND trust it. A client that does not passes through unseen from its second connection "
	    "on.\n\n"
	    "The exit status is COMMAND's own if it is not 0 (128+N after signal N); else 125 when hopaudit itself "
	    "failed or lost an event; else 3 when a finding reached --fail-on; else 0. It is 2 after a usage error, "
	    "127 "
	    "when COMMAND was not found and 126 when it could not be executed.",
	.main = command_run,
    },
    {
	.name = "proxy",
	.bit = COMMAND_PROXY,
	.operands = "[OPTIONS]",
	.summary = "listen as a proxy until SIGTERM or SIGINT",
	.description =
	    "Relays HTTP unchanged for everybody who uses it as a proxy, and audits every redirect that it sees.\n\n"
	    "TLS is opened with certificates of an authority of this user's, which clients have to trust: see "
	    "`hopaudit ca`.\n\n"
	    "SIGTERM or SIGINT stops accepting and lets what is open finish, for at most --timeout-drain; a second one "
	    "ends at once. SIGHUP reopens the log, for rotation.\n\n"
	    "The exit status is 0; 3 when --fail-on was given and a finding reached it; 125 when hopaudit itself "
	    "failed "
	    "or lost an event; 2 after a usage error.",
	.main = command_proxy,
    },
    {
	.name = "ca",
	.bit = COMMAND_CA,
	.operands = "[show | export [--pem | --p12] [FILE] | env [--shell SHELL]]",
	.summary = "show or export the authority by which TLS is opened, or print how programs trust it",
	.description =
	    "show tells where the authority of `hopaudit proxy` is kept, until when it is valid, and its fingerprints. "
	    "It is made at first use.\n\n"
	    "export writes its certificate to FILE, or to stdout: as PEM, or as a PKCS#12 trust store where FILE ends "
	    "in .p12 or .pfx.\n\n"
	    "env prints the environment that leads programs through the proxy at --listen and makes them trust it: "
	    "eval \"$(hopaudit ca env)\". The bundles that it names hold the system's roots too, and are written "
	    "beside "
	    "the authority's files.\n\n"
	    "A running proxy gives out the certificate at http://hopaudit.invalid/ca.pem.",
	.main = command_ca,
    },
    {
	.name = "doctor",
	.bit = COMMAND_DOCTOR,
	.operands = "[OPTIONS] [--] [COMMAND [ARGUMENT...]]",
	.summary = "say what could keep requests from being seen, in general and those of COMMAND",
	.description =
	    "Looks at the listener's port, the environment, the authority's certificate, the system's roots and the "
	    "clock; and at what COMMAND is, which is not run: what its kind of client reads, and when it goes around a "
	    "proxy all the same.\n\n"
	    "The exit status is 0, or 3 when something has to be put right first.",
	.main = command_doctor,
    },
    {
	.name = "explain",
	.bit = COMMAND_EXPLAIN,
	.operands = "[--all | --markdown | clients | RULE | STATUS ...]",
	.summary = "say what a rule checks, or what a status asks of a client",
	.description = "Without an operand it lists all rules; `clients` tells what clients do by default.",
	.main = command_explain,
    },
    {
	.name = "audit",
	.bit = COMMAND_AUDIT,
	.operands = "[OPTIONS] [FILE]",
	.summary = "judge a saved log again, or a HAR of any program",
	.description =
	    "A log, FILE or the one that --log names: judges its last run again and reports as `hopaudit run` does, on "
	    "stdout. With the rules of the run (--profile is the run's unless given; --rules and --ignore must be "
	    "given "
	    "again) the findings are those that were recorded, and --compare says whether they are; with others it is "
	    "as if the run had been judged by them. What would need a value that was hidden in the log says "
	    "`unverifiable`.\n\n"
	    "A HAR 1.2, as browsers, mitmproxy and others write it: its entries are judged in the order of time as if "
	    "they had come through the proxy, secrets hidden in what is reported. Which request follows which redirect "
	    "is told by order, time and URL alone, so that no match is certain: faults of the client weigh less. What "
	    "the archive does not hold is unverifiable.\n\n"
	    "The exit status is 0; 3 when a finding reached --fail-on, or --compare found a difference; 2 after a "
	    "usage "
	    "error; 125 when FILE can't be read.",
	.main = command_audit,
    },
    {
	.name = "baseline",
	.bit = COMMAND_BASELINE,
	.operands = "write|check [--log LOG] FILE",
	.summary = "write down what a run found, or say what a later one found beside that",
	.description =
	    "write takes the chains and findings of the last run in the log and writes them to FILE, as JSON with an "
	    "entry a line and in an order of its own, to be reviewed and checked in.\n\n"
	    "check compares the last run in the log with FILE and tells, one a line, what is new, what is worse than "
	    "it was, and what is gone.\n\n"
	    "A finding is known by rule, fault, method, URL and status, a chain by its requests, its statuses and its "
	    "end. Of a URL scheme, host and path count, with {id} for what looks like one; the port does not where the "
	    "host is loopback. Findings that the run accepted are no part of it.\n\n"
	    "The exit status is 0; 3 when check finds errors or warnings that are new or worse; 2 after a usage error; "
	    "125 when a file can't be read or the log lacks a part of the run.",
	.main = command_baseline,
    },
    {
	.name = "report",
	.bit = COMMAND_REPORT,
	.operands = "[--filter EXPR] [--format FORMAT] [LOG...]",
	.summary = "report on the last run in an audit log, in one of six formats",
	.description =
	    "Reads the last run of each LOG, or of the one that --log names, and writes what was found: as text like "
	    "the summary of `hopaudit run`, as JSON, as JUnit XML, as SARIF, as Markdown, as a page of HTML, or as curl commands.\n\n"
	    "The logs are read as they are: secrets were replaced when they were written, and nothing is judged "
	    "again.\n\n"
	    "--filter reports only on chains that match EXPR, in totals and --fail-on too. It compares fields with = "
	    "!= < <= > >= ~ (contains) !~, joined by and, or, not and parentheses; a word alone is looked for in URLs, "
	    "tag, test and rules. The fields are status, final.status, method, url, host, path, target, rule, "
	    "severity, "
	    "verdict, fault, outcome, chain.length, chain.id, tag, test, client, unverifiable, elapsed (10ms, 2s), "
	    "time "
	    "(2026-11-24T12:00), run, suppressed, cross-origin (yes, no) and confidence. One that several hops or "
	    "findings have matches when any does; != and !~ are the opposites of = and ~.\n\n"
	    "In a job of GitHub Actions (GITHUB_ACTIONS=true) the worst errors and warnings are told as annotations, "
	    "too, on stderr, and the Markdown is appended to GITHUB_STEP_SUMMARY; `hopaudit run` does the same.\n\n"
	    "The exit status is 0; 3 when --fail-on was given and a finding reached it; 2 after a usage error; 125 "
	    "when a log can't be read or FILE can't be written.",
	.main = command_report,
    },
    {
	.name = "lab",
	.bit = COMMAND_LAB,
	.operands = "[OPTIONS] serve | [OPTIONS] -- DRIVER [ARGUMENT...]",
	.summary = "put a client through redirects of every kind, or serve them to try clients on",
	.description =
	    "serve listens on ports of this machine and prints their URLs: /status/307 and its like redirect as the "
	    "query says (how Location is written, how often, where to, how early, in what loop), /final describes the "
	    "request that arrived, and / tells all of it. It ends by SIGTERM or SIGINT. The TLS ports show "
	    "certificates of the authority of `hopaudit ca`. Every hopaudit proxy has the same at "
	    "http://lab.hopaudit.invalid/.\n\n"
	    "With a driver, a command that sends one request by the client under test, it runs the driver for about a "
	    "hundred cases, behind a proxy of its own: status and method, kinds of content, credentials to other "
	    "origins, odd Locations, long chains and loops, TLS. It prints what the client does beside what RFC 9110 "
	    "lets it do and what the Fetch standard does, with a score for each group; what is right and wrong is the "
	    "audit's judgement, as in `hopaudit run`.\n\n"
	    "In the driver's arguments {method} and {url} stand for what to ask; {bodyfile} is a file with the "
	    "content, empty where there is none; {headerfile} one with a field line each (Content-Type, Authorization, "
	    "Cookie, X-Api-Key), and {authorization} is the value of Authorization: without one of these two, cases "
	    "with credentials are skipped. The driver reads http_proxy as a command of `hopaudit run` does. Ready "
	    "drivers are in scripts/drivers.\n\n"
	    "    hopaudit lab -- curl -sL -X {method} -H @{headerfile} --data-binary @{bodyfile} {url}\n\n"
	    "The exit status is 0; 3 when a finding about the client reached --fail-on (error unless given); 2 after a "
	    "usage error; 125 when hopaudit itself failed or saw no request; 126 and 127 when the driver can't be "
	    "executed or was not found.",
	.main = command_lab,
    },
    {
	.name = "review",
	.bit = COMMAND_REVIEW,
	.operands = "[OPTIONS] [LOG]",
	.summary = "show the dashboard on a saved log",
	.description =
	    "Serves the dashboard and the API for LOG (hopaudit.jsonl unless given) until Ctrl-C. The log may be of "
	    "any number of runs, and may still grow. Where 127.0.0.1:8308 is taken, any free port is.",
	.main = command_review,
    },
    {
	.name = "inspect",
	.bit = COMMAND_INSPECT,
	.operands = "[-X METHOD] [-d CONTENT] [-H FIELD] [OPTIONS] URL",
	.summary = "ask for one URL, follow it by the book, and tell all about its redirects",
	.description =
	    "Follows one hop at a time as the Fetch standard says, judges each answer by the rules of the audit, and "
	    "tells what matters of it: method and content, Location, whether it stays the same when it is asked for "
	    "again, caching, Vary (with --vary), CORS, HSTS and transport, latency, and what browsers, API clients, "
	    "crawlers, monitors and CDNs do with it. Then what each well-known client would make of the whole, by "
	    "default. As text, with --json, or with --html.\n\n"
	    "Cookies are kept on the way. Authorization and Cookie do not follow to another origin. It goes through "
	    "the proxy that http_proxy and its kin name, as curl does.\n\n"
	    "The exit status is 0; 3 when a finding reached --fail-on (error, unless told otherwise); 2 after a usage "
	    "error; 125 when an answer could not be had.",
	.main = command_inspect,
    },
    {
	.name = "diff",
	.bit = COMMAND_DIFF,
	.operands = "[--fail-on SEVERITY] [--json] BEFORE AFTER",
	.summary = "say which chains and findings appeared between two logs, and which are gone",
	.description =
	    "Compares the last run of the log AFTER with the last run of the log BEFORE and tells, one a line, which "
	    "findings and chains are new, which findings are worse than they were, and what is gone. --json writes the "
	    "same as one JSON object.\n\n"
	    "Findings and chains are known as `hopaudit baseline` knows them: by rule, fault, method, URL and status, "
	    "or by requests, statuses and end; ids in paths and the ports of loopback hosts do not count, and how "
	    "often "
	    "something happened does not either.\n\n"
	    "The exit status is 0; 3 when a finding is new or worse that reaches --fail-on (error, unless told "
	    "otherwise); 2 after a usage error; 125 when a log can't be read or lacks a part of its run.",
	.main = command_diff,
    },
    {
	.name = "mark",
	.bit = COMMAND_MARK,
	.operands = "[--proxy URL] NAME",
	.summary = "tell a running proxy which test begins",
	.description =
	    "Chains that begin from then on belong to the test NAME in the log and in the summary, until the next "
	    "mark; an empty NAME ends it. A mark is for one tag, the proxy user name of URL: tests that run at the "
	    "same time need a tag each.\n\n"
	    "It does the same as POST http://hopaudit.invalid/mark?name=NAME through the proxy, which any client "
	    "can.\n\n"
	    "The exit status is 0; 2 after a usage error, an unsuitable NAME among them; 125 when no hopaudit "
	    "answers.",
	.main = command_mark,
    },
    {
	.name = "verify",
	.bit = COMMAND_VERIFY,
	.operands = "[--head DIGEST] FILE...",
	.summary = "say whether an audit log is whole and unchanged",
	.description =
	    "Reads the audit log FILE and tells of missing events, changed lines, lines without an end and runs "
	    "without an end, one a line. Of a log that was rotated name all files, the oldest first (FILE.2 FILE.1 "
	    "FILE): "
	    "that each goes on from the one before it is checked too.\n\n"
	    "With --head, the digest that was printed when the log was written, it also finds what was changed by "
	    "somebody who computed the digests anew, and what was cut off at the end. Without it, damage is found, "
	    "not malice.\n\n"
	    "The exit status is 0 when the log is whole, 3 when it is not, 2 after a usage error and 125 when FILE "
	    "can't be read.",
	.main = command_verify,
    },
    {
	.name = "help",
	.bit = COMMAND_HELP,
	.operands = "[COMMAND | man | completion bash|zsh|fish]",
	.summary = "print this help, that of a command, the man page or a shell's completions",
	.description = "Everything is written to stdout: `hopaudit help man | man -l -`.",
	.main = command_help,
    },
};

const struct command *const commands = table;
const size_t command_count = sizeof(table) / sizeof(table[0]);

const struct command *command_find(const char *name)
{
	for (size_t i = 0; i < command_count; i++) {
		if (strcmp(table[i].name, name) == 0)
			return &table[i];
	}
	return NULL;
}

size_t cli_width(FILE *f)
{
	return text_width(fileno(f)); /* a stream in memory has no descriptor (-1), hence no terminal */
}

int command_usage_error(const struct cli *cli, const struct command *c, const char *format, ...)
{
	va_list args;

	fputs("hopaudit: ", cli->err);
	va_start(args, format);
	vfprintf(cli->err, format, args);
	va_end(args);
	if (c)
		fprintf(cli->err, "\nhopaudit: see `hopaudit %s --help`\n", c->name);
	else
		fputs("\nhopaudit: see `hopaudit help`\n", cli->err);
	return STATUS_USAGE;
}

bool command_options(const struct cli *cli, const struct command *c, int count, char **arguments, struct options *o,
		     int *status)
{
	*status = STATUS_OK;
	if (!options_read(o, c->bit, count, arguments, cli->environment)) {
		*status = command_usage_error(cli, c, "%s", o->error);
		return false;
	}
	if (o->help) {
		help_command(cli->out, c, cli_width(cli->out));
		return false;
	}
	for (size_t i = 0; i < o->decisions.expired.count; i++)
		fprintf(cli->err, "hopaudit: %s\n", o->decisions.expired.items[i]);
	return true;
}

static int unknown_command(const struct cli *cli, const char *name)
{
	struct text_nearest nearest = {.given = name};
	char quoted[80];

	for (size_t i = 0; i < command_count; i++)
		text_nearest_try(&nearest, table[i].name);
	text_quote(quoted, sizeof(quoted), name);
	if (nearest.best)
		return command_usage_error(cli, NULL, "there is no command %s: did you mean '%s'?", quoted,
					   nearest.best);
	return command_usage_error(cli, NULL, "there is no command %s", quoted);
}

static bool is_one_of(const char *s, const char *a, const char *b, const char *c)
{
	return strcmp(s, a) == 0 || strcmp(s, b) == 0 || strcmp(s, c) == 0;
}

int cli_main(const struct cli *cli, int count, char **arguments)
{
	const struct command *c;

	if (count < 2) {
		help_overview(cli->err, cli_width(cli->err));
		return STATUS_USAGE;
	}
	if (is_one_of(arguments[1], "--version", "-V", "version")) {
		fputs("hopaudit " HOPAUDIT_VERSION "\n", cli->out);
		return STATUS_OK;
	}
	if (is_one_of(arguments[1], "--help", "-h", "-?"))
		arguments[1] = (char *)"help";
	c = command_find(arguments[1]);
	if (!c)
		return unknown_command(cli, arguments[1]);
	return c->main(cli, c, count - 2, arguments + 2);
}
