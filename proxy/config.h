/* SPDX-License-Identifier: MIT
 *
 * Everything that an option can set, in one plain struct, filled by cli/options and const from then on. The limits and
 * timeouts are the bounds of DESIGN.md: every buffer, table, queue and list of the relay has its maximum here. */
#ifndef PROXY_CONFIG_H
#define PROXY_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "audit/report/report_output.h"
#include "audit/record/log_writer.h"
#include "audit/tracker.h"

/* Bounds. Sizes in bytes unless a name says otherwise. */
struct limits {
	uint32_t target_max;  /* a request target: 414 */
	uint32_t field_max;   /* one field line: 431 */
	uint32_t head_max;    /* a whole head: 431, or 502 from an origin */
	uint32_t fields_max;  /* field lines in a head: 431 / 502 */
	uint32_t trailer_max; /* a trailer section */
	uint32_t chunk_extension_max;
	uint32_t pipeline_max;   /* bytes of later requests kept while one is being answered */
	uint32_t clients_max;    /* client connections, all workers together; past it accepting pauses */
	uint32_t per_client_max; /* connections from one address */
	uint32_t tunnels_max;    /* tunnels, all workers together: 503 */
	uint32_t pool_max;       /* idle upstream connections, each worker */
	uint32_t pool_per_origin_max;
	uint32_t leaves_max;   /* certificates of ours kept for hosts */
	uint32_t buffered_max; /* bytes waiting to be written to one peer before its source is paused */
};

/* Timeouts in milliseconds. */
struct timeouts {
	uint32_t connect_ms;       /* name, all addresses together: 504 */
	uint32_t head_ms;          /* from a request's first byte to its blank line: 408 */
	uint32_t body_idle_ms;     /* between two bytes of a body, either way, either side */
	uint32_t response_head_ms; /* from the request's end to the response head: 504 */
	uint32_t keep_alive_ms;    /* an idle client connection */
	uint32_t pool_idle_ms;     /* an idle upstream connection */
	uint32_t tunnel_idle_ms;
	uint32_t recognise_ms; /* the first bytes of a tunnel held back to see whether they are HTTP */
	uint32_t linger_ms;    /* reading on after a refusal, so that the answer arrives */
	uint32_t drain_ms;     /* SIGTERM to the end, whatever is still open */
};

/* A list of strings that an option may be given more than once for. Owned by the config. */
struct string_list {
	char **items;
	size_t count;
};

/* What the HAR has of an exchange. */
enum capture_what { CAPTURE_HEADERS, CAPTURE_BODIES };

/* Whose words `hopaudit ca env` uses. */
enum shell_kind { SHELL_SH, SHELL_FISH, SHELL_POWERSHELL };

/* When to colour; config.color is what came of it. */
enum color_when { COLOR_AUTO, COLOR_ALWAYS, COLOR_NEVER };

struct config {
	char *config_file; /* the configuration file that was asked for; NULL: the usual one, if it exists */

	/* where to listen */
	char *listen;     /* "127.0.0.1:8307", "[::1]:0"; port 0: the system chooses */
	unsigned workers; /* 0: one for each processor, at most 4 */

	/* who may use it, and for what */
	struct string_list allow;             /* networks, "10.0.0.0/8": clients from elsewhere get 403 */
	char *users;                          /* file of "name:password" lines: 407 without a right one */
	bool deny_private;                    /* refuse upstream addresses that are not public */
	struct string_list connect_ports;     /* ports that CONNECT may name ("443", "8000-8999"); empty: all */
	struct string_list resolve;           /* "HOST[:PORT]=ADDR[:PORT]" */
	struct string_list nameservers;       /* "ADDR[:PORT]": asked instead of those of resolv.conf */
	char *upstream_proxy;                 /* "http://user:pw@host:port": all traffic goes through it; NULL: none */
	struct string_list no_upstream_proxy; /* hosts that are reached directly all the same */

	/* TLS */
	bool intercept;                 /* open TLS tunnels with leaves of our own; off: every TLS tunnel is opaque */
	char *ca_cert, *ca_key;         /* PEM; NULL: $XDG_CONFIG_HOME/hopaudit/ca.pem and ca.key */
	bool ca_ephemeral;              /* a fresh authority in memory; `run` has it unless ca_cert is given */
	struct string_list upstream_ca; /* PEM files, beside the system's roots */
	struct string_list insecure_upstream; /* hosts whose certificates are not verified; "*.test" matches below */
	struct string_list passthrough;       /* hosts whose TLS is not opened */
	bool passthrough_rejected;      /* a host whose client rejected our certificate passes through from then on */
	int tls_min;                    /* TLS1_2_VERSION or TLS1_3_VERSION */
	char *tls_ciphers, *tls_curves; /* as OpenSSL's lists; NULL: its defaults */
	bool export_pem, export_p12;    /* `ca export`: one was asked for */
	enum shell_kind shell;          /* `ca env` */

	struct string_list inject; /* redirects that the proxy makes itself: proxy/lab/injection_spec.h */

	/* the audit */
	char *log;              /* path; "-" none */
	uint64_t log_max;       /* bytes at which it is moved away; 0: never */
	unsigned log_keep;      /* files that were moved away and stay */
	enum log_sync log_sync; /* when to wait for the disk */
	char *key_file;         /* redaction key; NULL: $XDG_CONFIG_HOME/hopaudit/redaction.key */
	enum profile profile;
	uint32_t window_ms;
	uint64_t budget_bytes;
	bool record_all;
	bool process_lookup;            /* find the local processes behind clients' connections */
	char *har;                      /* path; NULL: none */
	enum capture_what capture_what; /* what of an exchange the HAR has */
	uint32_t capture_max;           /* bytes of each content */
	struct string_list rules;       /* "RULE=SEVERITY" */
	struct string_list ignore;      /* files of findings that are accepted */
	const struct policy *policy;    /* what the two above say; borrowed from the options, NULL: nothing */

	/* run */
	enum severity fail_on; /* SEVERITY_NONE: never */

	/* reports */
	char *report_junit, *report_sarif, *report_markdown, *report_html, *report_json; /* `run`; NULL: none */
	enum report_format report_format;                                                /* `report` */
	char *report_output;                                                             /* `report`; NULL: stdout */
	char *filter;   /* of chains, for `report`; NULL: all */
	bool diff_json; /* `diff` */

	/* dashboard, API and metrics */
	char *dashboard;      /* "127.0.0.1:8308"; "off" */
	bool dashboard_given; /* it was asked for: where it can't be served, nothing is */
	struct string_list dashboard_hosts;
	char *dashboard_token; /* NULL: none on loopback, elsewhere one is made */
	char *ready_file;      /* NULL: none */
	char *on_finding;      /* for sh -c; NULL: none */
	char *store;           /* the review store's file; NULL: a temporary one */
	uint64_t store_max;
	uint32_t store_age_ms; /* 0: for ever */

	bool review_open; /* in the user's browser */
	/* audit */
	char *audit_out;    /* where the log of a HAR is kept; NULL: nowhere */
	bool audit_compare; /* tell differences from what was recorded */

	/* inspect */
	char *inspect_method;              /* NULL: GET, with content POST */
	char *inspect_data;                /* content, or "@FILE"; NULL: none */
	struct string_list inspect_fields; /* "Name: value" */
	uint32_t inspect_hops;             /* redirects that are followed at most */
	bool inspect_vary, inspect_json, inspect_html;

	/* explain */
	bool explain_all, explain_markdown;

	/* mark */
	char *mark_proxy; /* URL; NULL: the environment's, else the one at `listen` */

	/* lab */
	char *lab_listen;                         /* `lab serve`; NULL: any port of 127.0.0.1 */
	struct string_list lab_groups;            /* names of enum lab_group; empty: all */
	uint32_t lab_jobs;                        /* drivers at the same time; 0: as many as are sensible here */
	uint32_t lab_timeout_ms;                  /* for one driver */
	char *lab_json, *lab_markdown, *lab_html; /* paths, or "-"; NULL: none */

	/* verify */
	char *head; /* the digest that was printed when the log was written; NULL: not known */

	bool verbose; /* the relay's own log on stderr */
	enum color_when color_when;
	bool color;      /* colour on stderr? decided from the terminal, NO_COLOR and --color */
	bool quiet;      /* no summary unless a finding is a warning or an error */
	bool all_chains; /* the summary lists the chains that are right too */

	struct limits limits;
	struct timeouts timeouts;
};

/* The defaults of every option. Strings are allocated: config_free(). */
void config_defaults(struct config *c);
void config_free(struct config *c);

/* Copies `item` to the end of the list. These two end the process when memory is short: they serve only the start. */
void string_list_add(struct string_list *l, const char *item);
void string_list_clear(struct string_list *l);

/* A copy of `s` that the config may own; as above when memory is short. */
char *config_string(const char *s);

#endif
