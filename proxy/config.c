/* SPDX-License-Identifier: MIT
 *
 * The defaults of every option, the one place where they stand: the help text and the man page print what is set here.
 * Called by cli/options and by tests that need a config; it knows nothing of flags, variables or files. */
#include "proxy/config.h"

#include <openssl/tls1.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define KIB 1024U
#define MIB (1024U * KIB)
#define SECOND 1000U
#define HOUR (3600U * SECOND)

static void out_of_memory(void)
{
	fputs("hopaudit: out of memory\n", stderr);
	abort();
}

char *config_string(const char *s)
{
	char *copy = strdup(s);

	if (!copy)
		out_of_memory();
	return copy;
}

void string_list_add(struct string_list *l, const char *item)
{
	char **items = reallocarray(l->items, l->count + 1, sizeof(*items));

	if (!items)
		out_of_memory();
	l->items = items;
	l->items[l->count++] = config_string(item);
}

void string_list_clear(struct string_list *l)
{
	for (size_t i = 0; i < l->count; i++)
		free(l->items[i]);
	free(l->items);
	*l = (struct string_list){0};
}

static const struct limits default_limits = {
    .target_max = 16 * KIB,
    .field_max = 32 * KIB,
    .head_max = 64 * KIB,
    .fields_max = 200,
    .trailer_max = 16 * KIB,
    .chunk_extension_max = 4 * KIB,
    .pipeline_max = 64 * KIB,
    .clients_max = 10000,
    .per_client_max = 10000,
    .tunnels_max = 5000,
    .pool_max = 256,
    .pool_per_origin_max = 64,
    .leaves_max = 4096,
    .buffered_max = 512 * KIB,
};

static const struct timeouts default_timeouts = {
    .connect_ms = 10 * SECOND,
    .head_ms = 30 * SECOND,
    .body_idle_ms = 60 * SECOND,
    .response_head_ms = 300 * SECOND,
    .keep_alive_ms = 75 * SECOND,
    .pool_idle_ms = 30 * SECOND,
    .tunnel_idle_ms = 1 * HOUR,
    .recognise_ms = 1 * SECOND,
    .linger_ms = 2 * SECOND,
    .drain_ms = 30 * SECOND,
};

void config_defaults(struct config *c)
{
	*c = (struct config){
	    .listen = config_string("127.0.0.1:8307"),
	    .intercept = true,
	    .tls_min = TLS1_2_VERSION,
	    .dashboard = config_string("127.0.0.1:8308"),
	    .store_max = UINT64_C(1024) * MIB,
	    .log = config_string("hopaudit.jsonl"),
	    .log_keep = 5,
	    .log_sync = LOG_SYNC_NEVER,
	    .profile = PROFILE_DEFAULT,
	    .window_ms = 10 * SECOND,
    .inspect_hops = 20,
	    .process_lookup = true,
	    .budget_bytes = UINT64_C(256) * MIB,
	    .capture_what = CAPTURE_HEADERS,
	    .capture_max = 1 * MIB,
	    .fail_on = SEVERITY_ERROR,
	    .color_when = COLOR_AUTO,
	    .lab_timeout_ms = 20 * SECOND,
	    .limits = default_limits,
	    .timeouts = default_timeouts,
	};
}

void config_free(struct config *c)
{
	free(c->config_file);
	free(c->listen);
	free(c->users);
	free(c->ca_cert);
	free(c->ca_key);
	free(c->tls_ciphers);
	free(c->tls_curves);
	free(c->upstream_proxy);
	free(c->log);
	free(c->key_file);
	free(c->har);
	free(c->mark_proxy);
	free(c->head);
	free(c->audit_out);
	free(c->report_junit);
	free(c->report_sarif);
	free(c->report_markdown);
	free(c->report_html);
	free(c->report_json);
	free(c->report_output);
	free(c->filter);
	free(c->dashboard);
	free(c->dashboard_token);
	free(c->lab_listen);
	free(c->lab_json);
	free(c->lab_markdown);
	free(c->lab_html);
	free(c->ready_file);
	free(c->on_finding);
	free(c->store);
	string_list_clear(&c->dashboard_hosts);
	string_list_clear(&c->allow);
	string_list_clear(&c->connect_ports);
	string_list_clear(&c->resolve);
	string_list_clear(&c->nameservers);
	string_list_clear(&c->upstream_ca);
	string_list_clear(&c->insecure_upstream);
	string_list_clear(&c->passthrough);
	string_list_clear(&c->rules);
	string_list_clear(&c->ignore);
	string_list_clear(&c->lab_groups);
	string_list_clear(&c->no_upstream_proxy);
	string_list_clear(&c->inject);
	string_list_clear(&c->inspect_fields);
	free(c->inspect_method);
	free(c->inspect_data);
	*c = (struct config){0};
}
