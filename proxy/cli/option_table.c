/* SPDX-License-Identifier: MIT
 *
 * The rows of the table of options, and how one is found. No parsing and no printing here. */
#include "proxy/cli/option_table.h"

#include <openssl/tls1.h>
#include <stdio.h>
#include <string.h>

#include "proxy/cli/address.h"
#include "proxy/config.h"
#include "proxy/lab/cases.h"
#include "proxy/lab/injection_spec.h"
#include "proxy/relay/upstream_proxy.h"

#define K UINT64_C(1024)
#define M (1024 * K)
#define G (1024 * M)
#define MS UINT64_C(1)
#define S (1000 * MS)
#define H (3600 * S)

#define AT(member) .offset = offsetof(struct config, member)
#define RELAY (COMMAND_PROXY | COMMAND_RUN)
#define AUTHORITY (RELAY | COMMAND_CA | COMMAND_DOCTOR | COMMAND_LAB)
#define ALL                                                                                                            \
	(RELAY | COMMAND_AUDIT | COMMAND_REVIEW | COMMAND_BASELINE | COMMAND_REPORT | COMMAND_CA | COMMAND_DOCTOR |    \
	 COMMAND_EXPLAIN | COMMAND_MARK | COMMAND_VERIFY | COMMAND_LAB | COMMAND_DIFF | COMMAND_INSPECT |              \
	 COMMAND_HELP)

#define LIMIT_BYTES(option, member, least, most, sentence)                                                             \
	{                                                                                                              \
		.name = "limit-" option, .kind = OPTION_SIZE, .group = GROUP_LIMITS, .commands = RELAY,                \
		.argument = "SIZE", AT(limits.member), .min = (least), .max = (most), .help = (sentence),              \
	}
#define LIMIT_COUNT(option, member, least, most, sentence)                                                             \
	{                                                                                                              \
		.name = "limit-" option, .kind = OPTION_COUNT, .group = GROUP_LIMITS, .commands = RELAY,               \
		.argument = "N", AT(limits.member), .min = (least), .max = (most), .help = (sentence),                 \
	}
#define TIMEOUT(option, member, sentence)                                                                              \
	{                                                                                                              \
		.name = "timeout-" option, .kind = OPTION_DURATION, .group = GROUP_TIMEOUTS, .commands = RELAY,        \
		.argument = "TIME", AT(timeouts.member), .min = 1 * MS, .max = 24 * H, .help = (sentence),             \
	}

/* A choice sets an enum, which is written as an unsigned. */
_Static_assert(sizeof(enum profile) == sizeof(unsigned), "enum profile");
_Static_assert(sizeof(enum severity) == sizeof(unsigned), "enum severity");
_Static_assert(sizeof(enum shell_kind) == sizeof(unsigned), "enum shell_kind");
_Static_assert(sizeof(enum report_format) == sizeof(unsigned), "enum report_format");
_Static_assert(sizeof(enum log_sync) == sizeof(unsigned), "enum log_sync");
_Static_assert(sizeof(enum capture_what) == sizeof(unsigned), "enum capture_what");
_Static_assert(sizeof(enum color_when) == sizeof(unsigned), "enum color_when");
_Static_assert(sizeof(((struct config *)0)->tls_min) == sizeof(unsigned), "tls_min is set as a choice");
_Static_assert(sizeof(((struct config *)0)->workers) == sizeof(uint32_t), "workers is set as a count");

static bool is_digest(const char *value)
{
	return strlen(value) == 64 && strspn(value, "0123456789abcdefABCDEF") == 64;
}

static bool is_dashboard(const char *value)
{
	return strcmp(value, "off") == 0 || address_is_listener(value);
}

/* It stands in a URL and in a cookie. */
static bool is_token(const char *value)
{
	size_t len = strlen(value);

	return len >= 8 && len <= 64 &&
	       strspn(value, "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz-._~") == len;
}

/* What a request line can hold (RFC 9110 §5.6.2), so that neither adds another. */
static bool is_method(const char *value)
{
	return strspn(value, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.!#$%&'*+^`|~") ==
		   strlen(value) &&
	       strlen(value) <= 40;
}

static bool is_field_line(const char *value)
{
	const char *colon = strchr(value, ':');

	return colon && colon > value && !strpbrk(value, "\r\n") && strcspn(value, " \t") > (size_t)(colon - value);
}

static const struct option_choice profiles[] = {
    {"default", PROFILE_DEFAULT},
    {"strict", PROFILE_STRICT},
    {NULL, 0},
};

static const struct option_choice severities[] = {
    {"error", SEVERITY_ERROR},
    {"warning", SEVERITY_WARNING},
    {"info", SEVERITY_INFO},
    {"never", SEVERITY_NONE},
    {NULL, 0},
};

static const struct option_choice log_syncs[] = {
    {"never", LOG_SYNC_NEVER},
    {"finding", LOG_SYNC_FINDING},
    {"always", LOG_SYNC_ALWAYS},
    {NULL, 0},
};

static const struct option_choice captures[] = {
    {"headers", CAPTURE_HEADERS},
    {"bodies", CAPTURE_BODIES},
    {NULL, 0},
};

static const struct option_choice colors[] = {
    {"auto", COLOR_AUTO},
    {"always", COLOR_ALWAYS},
    {"never", COLOR_NEVER},
    {NULL, 0},
};

static const struct option_choice tls_versions[] = {
    {"1.2", TLS1_2_VERSION},
    {"1.3", TLS1_3_VERSION},
    {NULL, 0},
};

static const struct option_choice formats[] = {
    {"text", REPORT_FORMAT_TEXT},         {"json", REPORT_FORMAT_JSON},
    {"junit", REPORT_FORMAT_JUNIT},       {"sarif", REPORT_FORMAT_SARIF},
    {"markdown", REPORT_FORMAT_MARKDOWN}, {"html", REPORT_FORMAT_HTML},
    {"curl", REPORT_FORMAT_CURL},         {NULL, 0},
};

static const struct option_choice shells[] = {
    {"sh", SHELL_SH},
    {"fish", SHELL_FISH},
    {"powershell", SHELL_POWERSHELL},
    {NULL, 0},
};

static const struct option_row rows[] = {
    {
	.name = "help",
	.letter = 'h',
	.kind = OPTION_HELP,
	.group = GROUP_GENERAL,
	.commands = ALL,
	.flag_only = true,
	.help = "Print this text.",
    },
    {
	.name = "config",
	.kind = OPTION_TEXT,
	.group = GROUP_GENERAL,
	.commands = ALL,
	AT(config_file),
	.argument = "FILE",
	.not_in_file = true,
	.default_text = "$XDG_CONFIG_HOME/hopaudit/config, if it exists",
	.help = "Read options from FILE, one `key = value` a line; # begins a comment.",
    },
    {
	.name = "verbose",
	.letter = 'v',
	.kind = OPTION_FLAG,
	.group = GROUP_GENERAL,
	.commands = RELAY,
	AT(verbose),
	.help = "Tell on stderr what the relay does.",
    },
    {
	.name = "color",
	.kind = OPTION_CHOICE,
	.group = GROUP_GENERAL,
	.commands = ALL,
	AT(color_when),
	.argument = "WHEN",
	.choices = colors,
	.help = "Colour on a terminal (auto; NO_COLOR is honoured), always or never.",
    },

    {
	.name = "listen",
	.kind = OPTION_TEXT,
	.group = GROUP_LISTEN,
	.commands = RELAY | COMMAND_CA | COMMAND_DOCTOR | COMMAND_MARK,
	AT(listen),
	.argument = "ADDRESS:PORT",
	.check = address_is_listener,
	.allowed = "a numeric address and a port, like 127.0.0.1:8307 or [::1]:0 (port 0: any free one)",
	.default_text = "127.0.0.1:8307; run: 127.0.0.1:0",
	.help = "Where clients reach the proxy; port 0 is any free one. `run` ignores this key of the file.",
    },
    {
	.name = "listen",
	.kind = OPTION_TEXT,
	.group = GROUP_LAB,
	.commands = COMMAND_LAB,
	AT(lab_listen),
	.argument = "ADDRESS:PORT",
	.check = address_listener_is_loopback,
	.allowed = "a loopback address and a port, like 127.0.0.1:8309 or 127.0.0.1:0 (port 0: any free one)",
	.default_text = "127.0.0.1:0",
	.flag_only = true,
	.help = "Where `hopaudit lab serve` has its first origin; the others take any free port.",
    },
    {
	.name = "proxy",
	.kind = OPTION_TEXT,
	.group = GROUP_LISTEN,
	.commands = COMMAND_MARK,
	AT(mark_proxy),
	.argument = "URL",
	.flag_only = true,
	.default_text = "http_proxy, HTTP_PROXY or HOPAUDIT_PROXY of the environment, else where --listen says",
	.help = "The proxy that is told; its user name is the tag: http://TAG:@127.0.0.1:8307.",
    },
    {
	.name = "workers",
	.kind = OPTION_COUNT,
	.group = GROUP_LISTEN,
	.commands = RELAY,
	AT(workers),
	.argument = "N",
	.min = 0,
	.max = 64,
	.default_text = "0: one for each processor, at most 4",
	.help = "Threads that relay.",
    },

    {
	.name = "allow",
	.kind = OPTION_LIST,
	.group = GROUP_ACCESS,
	.commands = RELAY,
	AT(allow),
	.argument = "NETWORK",
	.check = address_is_network,
	.allowed = "a network or an address, like 10.0.0.0/8, fd00::/8 or 192.0.2.7",
	.default_text = "every client that reaches the listener",
	.help = "Serve clients from NETWORK only (403 for others); may be given more than once.",
    },
    {
	.name = "users",
	.kind = OPTION_TEXT,
	.group = GROUP_ACCESS,
	.commands = RELAY,
	AT(users),
	.argument = "FILE",
	.default_text = "none",
	.help = "Serve only who gives a name and password of FILE, one `name:password` a line (407 for others).",
    },
    {
	.name = "deny-private",
	.kind = OPTION_FLAG,
	.group = GROUP_ACCESS,
	.commands = RELAY,
	AT(deny_private),
	.help = "Refuse upstream addresses that are not public.",
    },
    {
	.name = "connect-ports",
	.kind = OPTION_LIST,
	.group = GROUP_ACCESS,
	.commands = RELAY,
	AT(connect_ports),
	.argument = "PORTS",
	.check = address_is_port_range,
	.allowed = "ports and ranges, like 443,8000-8999",
	.default_text = "all",
	.help = "Ports that a CONNECT may name.",
    },
    {
	.name = "resolve",
	.kind = OPTION_LIST,
	.group = GROUP_ACCESS,
	.commands = RELAY | COMMAND_INSPECT,
	AT(resolve),
	.argument = "HOST[:PORT]=ADDRESS[:PORT]",
	.check = address_is_resolve,
	.allowed = "HOST[:PORT]=ADDRESS[:PORT] with a numeric address, like shop.test:80=127.0.0.1:8080",
	.default_text = "none",
	.help = "Reach HOST at ADDRESS instead of asking the resolver; gives a loopback service a name.",
    },
    {
	.name = "nameserver",
	.kind = OPTION_LIST,
	.group = GROUP_ACCESS,
	.commands = RELAY,
	AT(nameservers),
	.argument = "ADDRESS[:PORT]",
	.check = address_is_nameserver,
	.allowed = "a numeric address and perhaps a port, like 192.0.2.53 or [2001:db8::53]:5353",
	.default_text = "those of /etc/resolv.conf",
	.help = "Ask this name server; may be given more than once.",
    },
    {
	.name = "upstream-proxy",
	.kind = OPTION_TEXT,
	.group = GROUP_ACCESS,
	.commands = RELAY,
	AT(upstream_proxy),
	.argument = "URL",
	.check = upstream_proxy_is_url,
	.allowed = "http://[USER:PASSWORD@]HOST[:PORT] (a proxy that is itself reached by https:// or socks:// is "
		   "not supported)",
	.default_text = "none; HTTP_PROXY and its kin are for clients and do not count",
	.secret = true,
	.help = "Reach origins through this proxy, http://[USER:PASSWORD@]HOST[:PORT]. Command lines are no place for "
		"passwords: use the variable or the file.",
    },
    {
	.name = "no-upstream-proxy",
	.kind = OPTION_LIST,
	.group = GROUP_ACCESS,
	.commands = RELAY,
	AT(no_upstream_proxy),
	.argument = "HOST",
	.check = address_is_host_pattern,
	.allowed = "a host, like api.test or 192.0.2.7, or *.test for all names below it",
	.default_text = "none, loopback neither",
	.help = "Reach HOST directly all the same; *.example.test stands for all names below it. Give localhost and "
		"127.0.0.1 for services of this machine.",
    },

    {
	.name = "intercept",
	.kind = OPTION_FLAG,
	.group = GROUP_TLS,
	.commands = RELAY | COMMAND_LAB,
	AT(intercept),
	.help = "Open TLS tunnels with certificates of our own authority (this is the default; with --no-intercept "
		"all TLS passes through unseen).",
    },
    {
	.name = "ca-cert",
	.kind = OPTION_TEXT,
	.group = GROUP_TLS,
	.commands = AUTHORITY,
	AT(ca_cert),
	.argument = "FILE",
	.default_text = "$XDG_CONFIG_HOME/hopaudit/ca.pem; run: a fresh one, kept in memory",
	.help = "The authority's certificate (PEM), with --ca-key; both are made where neither exists.",
    },
    {
	.name = "ca-key",
	.kind = OPTION_TEXT,
	.group = GROUP_TLS,
	.commands = AUTHORITY,
	AT(ca_key),
	.argument = "FILE",
	.default_text = "$XDG_CONFIG_HOME/hopaudit/ca.key",
	.help = "Its private key (PEM, no passphrase, mode 0600).",
    },
    {
	.name = "pem",
	.kind = OPTION_FLAG,
	.group = GROUP_TLS,
	.commands = COMMAND_CA,
	AT(export_pem),
	.flag_only = true,
	.help = "Export the certificate as PEM, whatever the name of FILE ends in.",
    },
    {
	.name = "p12",
	.kind = OPTION_FLAG,
	.group = GROUP_TLS,
	.commands = COMMAND_CA,
	AT(export_p12),
	.flag_only = true,
	.help = "Export the certificate as a PKCS#12 trust store, password changeit, whatever the name of FILE ends "
		"in.",
    },
    {
	.name = "shell",
	.kind = OPTION_CHOICE,
	.group = GROUP_TLS,
	.commands = COMMAND_CA,
	AT(shell),
	.argument = "SHELL",
	.choices = shells,
	.flag_only = true,
	.help = "Whose words `hopaudit ca env` uses: sh (bash, zsh), fish or powershell.",
    },
    {
	.name = "upstream-ca",
	.kind = OPTION_LIST,
	.group = GROUP_TLS,
	.commands = RELAY | COMMAND_INSPECT,
	AT(upstream_ca),
	.argument = "FILE",
	.default_text = "the system's roots alone",
	.help = "Trust the certificates in FILE (PEM) for origins, too; may be given more than once.",
    },
    {
	.name = "insecure-upstream",
	.kind = OPTION_LIST,
	.group = GROUP_TLS,
	.commands = RELAY | COMMAND_INSPECT,
	AT(insecure_upstream),
	.argument = "HOST",
	.check = address_is_host_pattern,
	.allowed = "a host, like api.test or 192.0.2.7, or *.test for all names below it",
	.default_text = "none",
	.help = "Do not verify the certificate of HOST; *.example.test stands for all names below it.",
    },
    {
	.name = "passthrough",
	.kind = OPTION_LIST,
	.group = GROUP_TLS,
	.commands = RELAY,
	AT(passthrough),
	.argument = "HOST",
	.check = address_is_host_pattern,
	.allowed = "a host, like api.test or 192.0.2.7, or *.test for all names below it",
	.default_text = "none",
	.help = "Do not open the TLS of HOST; *.example.test stands for all names below it.",
    },
    {
	.name = "passthrough-rejected",
	.kind = OPTION_FLAG,
	.group = GROUP_TLS,
	.commands = RELAY,
	AT(passthrough_rejected),
	.help = "When a client has refused our certificate for a host, pass later connections to it through unseen "
		"(run: this is the default).",
    },
    {
	.name = "tls-min",
	.kind = OPTION_CHOICE,
	.group = GROUP_TLS,
	.commands = RELAY,
	AT(tls_min),
	.argument = "VERSION",
	.choices = tls_versions,
	.default_text = "1.2",
	.help =
	    "The oldest TLS that is spoken, on either side: 1.2 or 1.3. With 1.3 a client that offers 1.2 at most is "
	    "refused.",
    },
    {
	.name = "tls-ciphers",
	.kind = OPTION_TEXT,
	.group = GROUP_TLS,
	.commands = RELAY,
	AT(tls_ciphers),
	.argument = "LIST",
	.default_text = "OpenSSL's",
	.help = "Ciphers on either side, as openssl-ciphers(1) writes them. Those whose names begin with TLS_ are for "
		"TLS 1.3, the others for TLS 1.2; a version that is not named keeps OpenSSL's own.",
    },
    {
	.name = "tls-curves",
	.kind = OPTION_TEXT,
	.group = GROUP_TLS,
	.commands = RELAY,
	AT(tls_curves),
	.argument = "LIST",
	.default_text = "OpenSSL's",
	.help = "Groups for the key exchange, on either side: X25519:P-256.",
    },

    {
	.name = "log",
	.kind = OPTION_TEXT,
	.group = GROUP_AUDIT,
	.commands = COMMAND_AUDIT | COMMAND_REVIEW | RELAY | COMMAND_LAB | COMMAND_BASELINE | COMMAND_REPORT,
	AT(log),
	.argument = "FILE",
	.help = "Append the audit log (JSON Lines) to FILE; - keeps none. `audit`, `baseline`, `report` and `review` "
		"read it there.",
    },
    {
	.name = "log-max",
	.kind = OPTION_SIZE_64,
	.group = GROUP_AUDIT,
	.commands = COMMAND_PROXY,
	AT(log_max),
	.argument = "SIZE",
	.min = 0,
	.max = 1024 * G,
	.default_text = "0: never",
	.help = "Move the log away when it has reached SIZE (64K at least), to FILE.1 (the newest), FILE.2 and so on, "
		"and go on in FILE.",
    },
    {
	.name = "log-keep",
	.kind = OPTION_COUNT,
	.group = GROUP_AUDIT,
	.commands = COMMAND_PROXY,
	AT(log_keep),
	.argument = "N",
	.min = 1,
	.max = 9999,
	.help = "So many logs that --log-max moved away are kept; older ones are removed.",
    },
    {
	.name = "log-sync",
	.kind = OPTION_CHOICE,
	.group = GROUP_AUDIT,
	.commands = RELAY,
	AT(log_sync),
	.argument = "WHEN",
	.choices = log_syncs,
	.help =
	    "Wait until the log is on the disk (fdatasync) after each batch of lines that holds a finding, always, or "
	    "never: what a crash of the system may then lose is whole lines from the end.",
    },
    {
	.name = "key-file",
	.kind = OPTION_TEXT,
	.group = GROUP_AUDIT,
	.commands = RELAY | COMMAND_AUDIT,
	AT(key_file),
	.argument = "FILE",
	.default_text = "$XDG_CONFIG_HOME/hopaudit/redaction.key",
	.help = "The key of the digests that stand for secrets in the log; made where it does not exist.",
    },
    {
	.name = "profile",
	.kind = OPTION_CHOICE,
	.group = GROUP_AUDIT,
	.commands = COMMAND_AUDIT | RELAY | COMMAND_INSPECT | COMMAND_LAB,
	AT(profile),
	.argument = "NAME",
	.choices = profiles,
	.help = "How severe the rules are: default (what is provable and matters to everyone) or strict.",
    },
    {
	.name = "rules",
	.kind = OPTION_LIST,
	.group = GROUP_AUDIT,
	.commands = COMMAND_AUDIT | RELAY | COMMAND_INSPECT | COMMAND_LAB,
	AT(rules),
	.argument = "RULE=SEVERITY",
	.default_text = "as the profile says",
	.help = "Make RULE, or all rules of a group (A to L), off, info, warning or error: "
		"redirect-not-followed=off,C=info. Of several for one rule the last counts.",
    },
    {
	.name = "ignore",
	.kind = OPTION_LIST,
	.group = GROUP_AUDIT,
	.commands = RELAY | COMMAND_AUDIT | COMMAND_INSPECT,
	AT(ignore),
	.argument = "FILE",
	.default_text = "none",
	.help = "Count the findings in FILE as accepted, not as faults: one `RULE HOST PATH YYYY-MM-DD REASON` a line, "
		"* stands for anything in RULE, HOST and PATH, and after that day the line no longer applies.",
    },
    {
	.name = "inject",
	.kind = OPTION_LIST,
	.group = GROUP_AUDIT,
	.commands = RELAY,
	AT(inject),
	.argument = "SPEC",
	.whole = true,
	.check = injection_is_spec,
	.allowed = "301, 302, 303, 307 or 308, and behind it any of :hops=N :same-origin :other-origin :rate=0.1 "
		   ":match=[METHOD ]URL :except=[METHOD ]URL :early :seed=N, as in 307:match=POST http://api.test/*",
	.default_text = "none",
	.help = "Answer requests with a redirect of the proxy's own, to a URL that leads back to where they were meant "
		"for, so that clients meet redirects that their servers never send: 307, "
		"308:hops=2:match=POST http://api.test/*, 302:rate=0.1:seed=7.",
    },
    {
	.name = "window",
	.kind = OPTION_DURATION,
	.group = GROUP_AUDIT,
	.commands = RELAY | COMMAND_AUDIT,
	AT(window_ms),
	.argument = "TIME",
	.min = 1 * MS,
	.max = 1 * H,
	.help = "How long a follow-up is waited for.",
    },
    {
	.name = "audit-memory",
	.kind = OPTION_SIZE_64,
	.group = GROUP_AUDIT,
	.commands = RELAY | COMMAND_AUDIT,
	AT(budget_bytes),
	.argument = "SIZE",
	.min = 1 * M,
	.max = 1024 * G,
	.help = "All that the audit may keep in memory; past it the oldest evidence goes first.",
    },
    {
	.name = "record-all",
	.kind = OPTION_FLAG,
	.group = GROUP_AUDIT,
	.commands = RELAY,
	AT(record_all),
	.help = "Log every exchange, not only those that take part in a redirect.",
    },
    {
	.name = "process-lookup",
	.kind = OPTION_FLAG,
	.group = GROUP_AUDIT,
	.commands = RELAY,
	AT(process_lookup),
	.help = "Find the process on this machine that a redirected connection belongs to: requests of other processes "
		"are no follow-ups, and nothing is waited for when it has ended (this is the default; not with "
		"--no-process-lookup).",
    },
    {
	.name = "har",
	.kind = OPTION_TEXT,
	.group = GROUP_AUDIT,
	.commands = RELAY,
	AT(har),
	.argument = "FILE",
	.default_text = "none",
	.help =
	    "Write every exchange to FILE, a HAR 1.2 begun anew, valid at any moment, secrets hidden as in the log.",
    },
    {
	.name = "capture",
	.kind = OPTION_CHOICE,
	.group = GROUP_AUDIT,
	.commands = RELAY,
	AT(capture_what),
	.argument = "WHAT",
	.choices = captures,
	.help =
	    "What the HAR has of an exchange: headers, or bodies too, in which what looks secret in forms, JSON and "
	    "text is hidden.",
    },
    {
	.name = "limit-capture",
	.kind = OPTION_SIZE,
	.group = GROUP_LIMITS,
	.commands = RELAY,
	AT(capture_max),
	.argument = "SIZE",
	.min = 1,
	.max = 64 * M,
	.help = "Of each body so much in the HAR; it says what was cut.",
    },

    {
	.name = "fail-on",
	.kind = OPTION_CHOICE,
	.group = GROUP_REPORT,
	.commands = COMMAND_AUDIT | RELAY | COMMAND_REPORT | COMMAND_DIFF | COMMAND_INSPECT | COMMAND_LAB,
	AT(fail_on),
	.argument = "SEVERITY",
	.choices = severities,
	.default_text = "error; proxy and report: never",
	.help = "End with status 3 when a finding is at least this severe; such findings are the failures of a JUnit "
		"report, which has errors as failures by default.",
    },
    {
	.name = "junit",
	.kind = OPTION_TEXT,
	.group = GROUP_REPORT,
	.commands = COMMAND_RUN | COMMAND_AUDIT,
	AT(report_junit),
	.argument = "FILE",
	.default_text = "none",
	.help = "Write a report to FILE at the end: JUnit XML, a test case for each chain.",
    },
    {
	.name = "sarif",
	.kind = OPTION_TEXT,
	.group = GROUP_REPORT,
	.commands = COMMAND_RUN | COMMAND_AUDIT,
	AT(report_sarif),
	.argument = "FILE",
	.default_text = "none",
	.help = "Write a report to FILE at the end: SARIF 2.1.0, for code scanning.",
    },
    {
	.name = "markdown",
	.kind = OPTION_TEXT,
	.group = GROUP_REPORT,
	.commands = COMMAND_RUN | COMMAND_AUDIT,
	AT(report_markdown),
	.argument = "FILE",
	.default_text = "none",
	.help = "Write a report to FILE at the end: Markdown, for a job's summary.",
    },
    {
	.name = "html",
	.kind = OPTION_TEXT,
	.group = GROUP_REPORT,
	.commands = COMMAND_RUN | COMMAND_AUDIT,
	AT(report_html),
	.argument = "FILE",
	.default_text = "none",
	.help = "Write a report to FILE at the end: a page of HTML that needs no other file.",
    },
    {
	.name = "json",
	.kind = OPTION_TEXT,
	.group = GROUP_REPORT,
	.commands = COMMAND_RUN | COMMAND_AUDIT,
	AT(report_json),
	.argument = "FILE",
	.default_text = "none",
	.help = "Write a report to FILE at the end: JSON.",
    },
    {
	.name = "json",
	.kind = OPTION_FLAG,
	.group = GROUP_REPORT,
	.commands = COMMAND_DIFF,
	AT(diff_json),
	.flag_only = true,
	.help = "Write the comparison as JSON.",
    },
    {
	.name = "json",
	.kind = OPTION_FLAG,
	.group = GROUP_REPORT,
	.commands = COMMAND_INSPECT,
	AT(inspect_json),
	.flag_only = true,
	.help = "Write JSON.",
    },
    {
	.name = "html",
	.kind = OPTION_FLAG,
	.group = GROUP_REPORT,
	.commands = COMMAND_INSPECT,
	AT(inspect_html),
	.flag_only = true,
	.help = "Write a page of HTML that needs no other file.",
    },
    {
	.name = "method",
	.letter = 'X',
	.kind = OPTION_TEXT,
	.group = GROUP_GENERAL,
	.commands = COMMAND_INSPECT,
	AT(inspect_method),
	.argument = "METHOD",
	.check = is_method,
	.allowed = "a method: letters, digits and -",
	.flag_only = true,
	.default_text = "GET, with --data POST",
	.help = "The method of the first request.",
    },
    {
	.name = "data",
	.letter = 'd',
	.kind = OPTION_TEXT,
	.group = GROUP_GENERAL,
	.commands = COMMAND_INSPECT,
	AT(inspect_data),
	.argument = "CONTENT",
	.flag_only = true,
	.default_text = "none",
	.help = "The content of the first request; @FILE is what FILE holds.",
    },
    {
	.name = "header",
	.letter = 'H',
	.kind = OPTION_LIST,
	.group = GROUP_GENERAL,
	.commands = COMMAND_INSPECT,
	AT(inspect_fields),
	.argument = "NAME: VALUE",
	.whole = true,
	.check = is_field_line,
	.allowed = "NAME: VALUE",
	.flag_only = true,
	.default_text = "none",
	.help = "A header field of the requests; may be given more than once.",
    },
    {
	.name = "max-hops",
	.kind = OPTION_COUNT,
	.group = GROUP_GENERAL,
	.commands = COMMAND_INSPECT,
	AT(inspect_hops),
	.argument = "NUMBER",
	.min = 1,
	.max = 50,
	.flag_only = true,
	.help = "Follow so many redirects.",
    },
    {
	.name = "vary",
	.kind = OPTION_FLAG,
	.group = GROUP_GENERAL,
	.commands = COMMAND_INSPECT,
	AT(inspect_vary),
	.flag_only = true,
	.help =
	    "Ask again with another User-Agent, Accept-Language, Accept and Origin, and look whether Vary tells what "
	    "makes a difference. Only what is safe (GET, HEAD) is asked again.",
    },
    {
	.name = "group",
	.kind = OPTION_LIST,
	.group = GROUP_LAB,
	.commands = COMMAND_LAB,
	AT(lab_groups),
	.argument = "NAME",
	.check = lab_group_exists,
	.allowed = "method, content, credentials, location, chain or tls",
	.flag_only = true,
	.default_text = "all",
	.help = "Only these cases: method, content, credentials, location, chain, tls.",
    },
    {
	.name = "jobs",
	.kind = OPTION_COUNT,
	.group = GROUP_LAB,
	.commands = COMMAND_LAB,
	AT(lab_jobs),
	.argument = "N",
	.max = 64,
	.flag_only = true,
	.default_text = "two for each processor, at most 16",
	.help = "How many drivers run at the same time.",
    },
    {
	.name = "timeout-case",
	.kind = OPTION_DURATION,
	.group = GROUP_LAB,
	.commands = COMMAND_LAB,
	AT(lab_timeout_ms),
	.argument = "TIME",
	.min = 100 * MS,
	.max = 1 * H,
	.flag_only = true,
	.help = "A driver that takes longer for one case is ended.",
    },
    {
	.name = "json",
	.kind = OPTION_TEXT,
	.group = GROUP_LAB,
	.commands = COMMAND_LAB,
	AT(lab_json),
	.argument = "FILE",
	.flag_only = true,
	.default_text = "none",
	.help = "Write the result to FILE as JSON; - is stdout, instead of the text.",
    },
    {
	.name = "markdown",
	.kind = OPTION_TEXT,
	.group = GROUP_LAB,
	.commands = COMMAND_LAB,
	AT(lab_markdown),
	.argument = "FILE",
	.flag_only = true,
	.default_text = "none",
	.help = "Write the result to FILE as Markdown; - is stdout, instead of the text.",
    },
    {
	.name = "html",
	.kind = OPTION_TEXT,
	.group = GROUP_LAB,
	.commands = COMMAND_LAB,
	AT(lab_html),
	.argument = "FILE",
	.flag_only = true,
	.default_text = "none",
	.help = "Write the result to FILE as a page of HTML that needs no other file; - is stdout, instead of the "
		"text.",
    },
    {
	.name = "format",
	.kind = OPTION_CHOICE,
	.group = GROUP_REPORT,
	.commands = COMMAND_REPORT,
	AT(report_format),
	.argument = "FORMAT",
	.choices = formats,
	.flag_only = true,
	.help = "What `hopaudit report` writes: text, json, junit, sarif, markdown, html, or curl: each request "
		"of each chain as a command.",
    },
    {
	.name = "filter",
	.kind = OPTION_TEXT,
	.group = GROUP_REPORT,
	.commands = COMMAND_REPORT,
	AT(filter),
	.argument = "EXPR",
	.flag_only = true,
	.default_text = "all chains",
	.help = "Report only on chains that match: 'status=307 and host~shop and not verdict=ok'.",
    },
    {
	.name = "output",
	.letter = 'o',
	.kind = OPTION_TEXT,
	.group = GROUP_REPORT,
	.commands = COMMAND_REPORT | COMMAND_INSPECT,
	AT(report_output),
	.argument = "FILE",
	.flag_only = true,
	.default_text = "stdout",
	.help = "Write the report to FILE, which is replaced as a whole.",
    },
    {
	.name = "out",
	.kind = OPTION_TEXT,
	.group = GROUP_REPORT,
	.commands = COMMAND_AUDIT,
	AT(audit_out),
	.argument = "FILE",
	.flag_only = true,
	.default_text = "nowhere",
	.help = "Append the audit log that is made of a HAR to FILE: for `report`, `review` and `diff`.",
    },
    {
	.name = "compare",
	.kind = OPTION_FLAG,
	.group = GROUP_REPORT,
	.commands = COMMAND_AUDIT,
	AT(audit_compare),
	.flag_only = true,
	.help =
	    "Instead of a report tell where the findings differ from those that the log holds, one a line; end with "
	    "status 3 when they do.",
    },
    {
	.name = "all",
	.kind = OPTION_FLAG,
	.group = GROUP_REPORT,
	.commands = COMMAND_EXPLAIN,
	AT(explain_all),
	.flag_only = true,
	.help = "Explain all rules and statuses.",
    },
    {
	.name = "markdown",
	.kind = OPTION_FLAG,
	.group = GROUP_REPORT,
	.commands = COMMAND_EXPLAIN,
	AT(explain_markdown),
	.flag_only = true,
	.help = "Explain all rules and statuses as a page of Markdown.",
    },
    {
	.name = "head",
	.kind = OPTION_TEXT,
	.group = GROUP_REPORT,
	.commands = COMMAND_VERIFY,
	AT(head),
	.argument = "DIGEST",
	.check = is_digest,
	.allowed = "the 64 hexadecimal digits that were printed behind `head`",
	.default_text = "not known",
	.flag_only = true,
	.help = "The head that was printed when the log was written: shows whether anything up to there was changed "
		"or cut off.",
    },
    {
	.name = "quiet",
	.letter = 'q',
	.kind = OPTION_FLAG,
	.group = GROUP_REPORT,
	.commands = RELAY | COMMAND_AUDIT,
	AT(quiet),
	.help = "No summary unless a finding is a warning or an error.",
    },
    {
	.name = "all-chains",
	.kind = OPTION_FLAG,
	.group = GROUP_REPORT,
	.commands = RELAY | COMMAND_REPORT | COMMAND_AUDIT,
	AT(all_chains),
	.help = "Let the summary list the redirects that are right, too, and every note (info).",
    },

    {
	.name = "dashboard",
	.kind = OPTION_TEXT,
	.group = GROUP_DASHBOARD,
	.commands = RELAY | COMMAND_REVIEW,
	AT(dashboard),
	.argument = "ADDRESS:PORT",
	.check = is_dashboard,
	.allowed = "a numeric address and a port, like 127.0.0.1:8308 or [::1]:0 (port 0: any free one), or off",
	.default_text = "127.0.0.1:8308, if it is free; run: off",
	.help = "Where dashboard, API and metrics are served. Elsewhere than on loopback a token is needed, which is "
		"printed at the start. `run` ignores this key of the file.",
    },
    {
	.name = "open",
	.kind = OPTION_FLAG,
	.group = GROUP_DASHBOARD,
	.commands = COMMAND_REVIEW,
	AT(review_open),
	.flag_only = true,
	.help = "Open the page in the browser: by what BROWSER names, else by xdg-open.",
    },
    {
	.name = "dashboard-host",
	.kind = OPTION_LIST,
	.group = GROUP_DASHBOARD,
	.commands = RELAY | COMMAND_REVIEW,
	AT(dashboard_hosts),
	.argument = "NAME",
	.check = address_is_host_pattern,
	.allowed = "a host name, without a port",
	.default_text = "localhost and addresses",
	.help = "A further name by which the dashboard is reached; requests that name another host are refused.",
    },
    {
	.name = "dashboard-token",
	.kind = OPTION_TEXT,
	.group = GROUP_DASHBOARD,
	.commands = RELAY | COMMAND_REVIEW,
	AT(dashboard_token),
	.argument = "TOKEN",
	.check = is_token,
	.allowed = "8 to 64 letters, digits and -._~",
	.default_text = "none on loopback, elsewhere a fresh one",
	.secret = true,
	.help = "What whoever asks the dashboard must know, on loopback too.",
    },
    {
	.name = "store",
	.kind = OPTION_TEXT,
	.group = GROUP_DASHBOARD,
	.commands = RELAY | COMMAND_REVIEW,
	AT(store),
	.argument = "FILE",
	.default_text = "a temporary one",
	.help =
	    "Keep what the dashboard searches (an SQLite database, made from the log) in FILE, so that it is not made "
	    "anew the next time.",
    },
    {
	.name = "store-max",
	.kind = OPTION_SIZE_64,
	.group = GROUP_DASHBOARD,
	.commands = RELAY | COMMAND_REVIEW,
	AT(store_max),
	.argument = "SIZE",
	.min = 1 * M,
	.max = 1024 * G,
	.help = "Past this size the oldest chains are dropped from the store (never from the log).",
    },
    {
	.name = "store-age",
	.kind = OPTION_DURATION,
	.group = GROUP_DASHBOARD,
	.commands = RELAY | COMMAND_REVIEW,
	AT(store_age_ms),
	.argument = "TIME",
	.min = 0,
	.max = 1000 * H,
	.default_text = "0: any",
	.help = "Chains that are older than this are dropped from the store.",
    },
    {
	.name = "on-finding",
	.kind = OPTION_TEXT,
	.group = GROUP_REPORT,
	.commands = RELAY,
	AT(on_finding),
	.argument = "COMMAND",
	.default_text = "none",
	.help =
	    "Run COMMAND (by sh) for each finding that reaches --fail-on (error, where that is never): it reads the "
	    "finding as JSON, and HOPAUDIT_RULE, HOPAUDIT_SEVERITY, HOPAUDIT_URL and HOPAUDIT_MESSAGE say it, too. At "
	    "most four run at once; what waits is put together by rule and URL (HOPAUDIT_COUNT).",
    },
    {
	.name = "ready-file",
	.kind = OPTION_TEXT,
	.group = GROUP_DASHBOARD,
	.commands = RELAY | COMMAND_REVIEW | COMMAND_LAB,
	AT(ready_file),
	.argument = "FILE",
	.default_text = "none",
	.help = "Write FILE (JSON: where proxy and dashboard listen, pid) when everything listens; it is removed at "
		"the end.",
    },

    LIMIT_BYTES("target", target_max, 1 * K, 1 * M, "A request target; past it 414."),
    LIMIT_BYTES("field", field_max, 1 * K, 1 * M, "One field line; past it 431, or 502 from an origin."),
    LIMIT_BYTES("head", head_max, 1 * K, 16 * M, "A whole head; past it 431, or 502 from an origin."),
    LIMIT_COUNT("fields", fields_max, 1, 10000, "Field lines in a head; past it 431, or 502 from an origin."),
    LIMIT_BYTES("trailer", trailer_max, 2, 1 * M, "A trailer section."),
    LIMIT_BYTES("chunk-extension", chunk_extension_max, 0, 1 * M, "The extensions of one chunk."),
    LIMIT_BYTES("pipeline", pipeline_max, 1 * K, 64 * M, "Bytes of later requests kept while one is being answered."),
    LIMIT_COUNT("clients", clients_max, 1, 1000000, "Client connections; past it accepting pauses."),
    LIMIT_COUNT("per-client", per_client_max, 1, 1000000, "Connections from one address."),
    LIMIT_COUNT("tunnels", tunnels_max, 0, 1000000, "Tunnels; past it 503."),
    LIMIT_COUNT("pool", pool_max, 0, 100000, "Idle upstream connections of one worker."),
    LIMIT_COUNT("pool-per-origin", pool_per_origin_max, 0, 100000,
		"Idle upstream connections of one worker to one origin."),
    LIMIT_COUNT("leaves", leaves_max, 1, 1000000, "Certificates kept; past it the one not used for longest goes."),
    LIMIT_BYTES("buffered", buffered_max, 16 * K, 1 * G, "Bytes that wait for one peer before its source is paused."),

    TIMEOUT("connect", connect_ms, "Name and connection, all addresses together; past it 504."),
    TIMEOUT("head", head_ms, "From a request's first byte to its blank line; past it 408."),
    TIMEOUT("body-idle", body_idle_ms, "Between two bytes of a body, either way, either side."),
    TIMEOUT("response-head", response_head_ms, "From the end of a request to the response's head; past it 504."),
    TIMEOUT("keep-alive", keep_alive_ms, "An idle client connection."),
    TIMEOUT("pool-idle", pool_idle_ms, "An idle upstream connection."),
    TIMEOUT("tunnel-idle", tunnel_idle_ms, "A tunnel through which nothing goes."),
    TIMEOUT("recognise", recognise_ms, "How long a tunnel's first bytes are held back to see whether they are HTTP."),
    TIMEOUT("linger", linger_ms, "Reading on after a refusal, so that the answer arrives."),
    {
	.name = "timeout-drain",
	.kind = OPTION_DURATION,
	.group = GROUP_TIMEOUTS,
	.commands = RELAY,
	.argument = "TIME",
	AT(timeouts.drain_ms),
	.min = 1 * MS,
	.max = 24 * H,
	.default_text = "30s; run: 1s",
	.help = "From the first SIGTERM (run: the command's end) to the end, whatever is still open. `run` ignores "
		"this key of the file.",
    },
};

_Static_assert(sizeof(rows) / sizeof(rows[0]) <= OPTIONS_MAX, "raise OPTIONS_MAX");

const struct option_row *const option_rows = rows;
const size_t option_count = sizeof(rows) / sizeof(rows[0]);

const char *option_group_title(enum option_group g)
{
	static const char *const titles[GROUP_COUNT] = {
	    [GROUP_GENERAL] = "General",
	    [GROUP_LISTEN] = "Where it listens",
	    [GROUP_ACCESS] = "Who may use it, and for what",
	    [GROUP_TLS] = "HTTPS",
	    [GROUP_AUDIT] = "The audit",
	    [GROUP_REPORT] = "What is reported",
	    [GROUP_DASHBOARD] = "Dashboard, API and metrics",
	    [GROUP_LAB] = "The redirect lab",
	    [GROUP_LIMITS] = "Limits",
	    [GROUP_TIMEOUTS] = "Timeouts",
	};

	return titles[g];
}

const struct option_row *option_find(const char *name)
{
	for (size_t i = 0; i < option_count; i++) {
		if (strcmp(rows[i].name, name) == 0)
			return &rows[i];
	}
	return NULL;
}

const struct option_row *option_find_for(const char *name, unsigned commands)
{
	for (size_t i = 0; i < option_count; i++) {
		if ((rows[i].commands & commands) && strcmp(rows[i].name, name) == 0)
			return &rows[i];
	}
	return option_find(name);
}

void option_variable(const struct option_row *row, char out[OPTION_VARIABLE_MAX])
{
	snprintf(out, OPTION_VARIABLE_MAX, "HOPAUDIT_%s", row->name);
	for (char *c = out; *c; c++)
		*c = *c == '-' ? '_' : (char)(*c >= 'a' && *c <= 'z' ? *c - 'a' + 'A' : *c);
}
