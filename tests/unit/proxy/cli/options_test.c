/* SPDX-License-Identifier: MIT
 *
 * proxy/cli/options, option_value, option_file and option_table: where values come from, what they may be, and what is
 * said when they are not. */
#include "proxy/cli/options.h"

#include <check.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "proxy/cli/option_value.h"

#define ARGUMENTS_MAX 16

/* An environment without the machine's; a test may add to it before it reads. */
static char *environment[8] = {(char *)"PATH=/bin", NULL};
static char file_path[64];

static void set_variable(const char *entry)
{
	size_t i = 0;

	while (environment[i])
		i++;
	ck_assert_uint_lt(i, 7);
	environment[i] = (char *)entry;
}

static void write_file(const char *text, size_t len)
{
	static char variable[96];
	FILE *f;
	int fd;

	strcpy(file_path, "/tmp/hopaudit-options-XXXXXX");
	fd = mkstemp(file_path);
	ck_assert_int_ge(fd, 0);
	f = fdopen(fd, "w");
	fwrite(text, 1, len, f);
	fclose(f);
	snprintf(variable, sizeof(variable), "HOPAUDIT_CONFIG=%s", file_path);
	set_variable(variable);
}

static void remove_file(void)
{
	if (*file_path)
		unlink(file_path);
	*file_path = '\0';
}

/* Reads a command line given as one string, words separated by single spaces; "" gives no words. */
static bool read_line(struct options *o, enum command_bit command, const char *line)
{
	static char copy[512];
	static char *arguments[ARGUMENTS_MAX];
	char *rest = copy;
	int count = 0;

	snprintf(copy, sizeof(copy), "%s", line);
	while (*line && rest) {
		ck_assert_int_lt(count, ARGUMENTS_MAX);
		arguments[count++] = strsep(&rest, " ");
	}
	return options_read(o, command, count, arguments, environment);
}

static void read_well(struct options *o, enum command_bit command, const char *line)
{
	bool good = read_line(o, command, line);

	remove_file();
	ck_assert_msg(good, "'%s' was refused: %s", line, o->error);
}

/* The line is refused, and the message holds `expected`. */
static void refuse(enum command_bit command, const char *line, const char *expected)
{
	struct options o;

	ck_assert_msg(!read_line(&o, command, line), "'%s' was accepted", line);
	ck_assert_msg(strstr(o.error, expected) != NULL, "'%s': the message\n  %s\ndoes not hold\n  %s", line, o.error,
		      expected);
	ck_assert_ptr_null(strchr(o.error, '\n'));
	options_free(&o);
	remove_file();
}

/* --- HTTPS --- */

START_TEST(the_daemon_opens_tls_with_an_authority_of_the_users_own)
{
	struct options o;

	read_well(&o, COMMAND_PROXY, "");
	ck_assert(o.config.intercept && !o.config.ca_ephemeral && !o.config.passthrough_rejected);
	ck_assert_uint_eq(o.config.limits.leaves_max, 4096);
	options_free(&o);
}
END_TEST

START_TEST(run_has_a_fresh_authority_and_yields_to_clients_that_refuse_it)
{
	struct options o;

	read_well(&o, COMMAND_RUN, "");
	ck_assert(o.config.intercept && o.config.ca_ephemeral && o.config.passthrough_rejected);
	options_free(&o);
	read_well(&o, COMMAND_RUN, "--ca-cert=a.pem --ca-key=a.key --no-passthrough-rejected --no-intercept");
	ck_assert(!o.config.intercept && !o.config.ca_ephemeral && !o.config.passthrough_rejected);
	options_free(&o);
}
END_TEST

START_TEST(what_the_file_says_of_rejected_certificates_holds_for_run_too)
{
	static const char text[] = "passthrough-rejected = no\n";
	struct options o;

	write_file(text, sizeof(text) - 1);
	read_well(&o, COMMAND_RUN, "");
	ck_assert(!o.config.passthrough_rejected);
	options_free(&o);
}
END_TEST

START_TEST(certificate_and_key_go_together)
{
	refuse(COMMAND_PROXY, "--ca-cert=a.pem", "--ca-cert and --ca-key go together");
	refuse(COMMAND_RUN, "--ca-key=a.key", "--ca-cert and --ca-key go together");
}
END_TEST

START_TEST(hosts_to_pass_through_are_names_addresses_or_all_below_a_name)
{
	struct options o;

	read_well(&o, COMMAND_PROXY, "--passthrough=a.test,*.b.test --passthrough ::1 --insecure-upstream 192.0.2.7");
	ck_assert_uint_eq(o.config.passthrough.count, 3);
	ck_assert_str_eq(o.config.passthrough.items[1], "*.b.test");
	ck_assert_str_eq(o.config.insecure_upstream.items[0], "192.0.2.7");
	options_free(&o);
	refuse(COMMAND_PROXY, "--passthrough=https://a.test/", "give a host");
	refuse(COMMAND_PROXY, "--passthrough=a.*.test", "give a host");
	refuse(COMMAND_PROXY, "--insecure-upstream=a.test:443", "give a host");
	refuse(COMMAND_PROXY, "--passthrough=*.", "give a host");
}
END_TEST

START_TEST(the_oldest_tls_is_1_2_or_1_3)
{
	struct options o;

	read_well(&o, COMMAND_PROXY, "--tls-min 1.3");
	ck_assert_int_eq(o.config.tls_min, 0x0304);
	options_free(&o);
	refuse(COMMAND_PROXY, "--tls-min 1.1", "give 1.2 or 1.3");
}
END_TEST

/* --- sources --- */

START_TEST(without_any_source_everything_is_default)
{
	struct options o;

	read_well(&o, COMMAND_PROXY, "");
	for (size_t i = 0; i < option_count; i++)
		ck_assert_uint_eq(o.source[i], SOURCE_DEFAULT);
	ck_assert_str_eq(o.config.listen, "127.0.0.1:8307");
	ck_assert_int_eq(o.operand_count, 0);
	options_free(&o);
}
END_TEST

START_TEST(a_flag_goes_before_a_variable_before_the_file_before_the_default)
{
	static const char text[] = "limit-head = 3K\nlimit-field = 3K\nlimit-target = 3K\n";
	struct options o;

	write_file(text, strlen(text));
	set_variable("HOPAUDIT_LIMIT_HEAD=4K");
	set_variable("HOPAUDIT_LIMIT_FIELD=4K");
	read_well(&o, COMMAND_PROXY, "--limit-head 5K");
	ck_assert_uint_eq(o.config.limits.head_max, 5 * 1024);
	ck_assert_uint_eq(o.config.limits.field_max, 4 * 1024);
	ck_assert_uint_eq(o.config.limits.target_max, 3 * 1024);
	ck_assert_uint_eq(o.config.limits.trailer_max, 16 * 1024);
	ck_assert_uint_eq(options_source(&o, "limit-head"), SOURCE_FLAG);
	ck_assert_uint_eq(options_source(&o, "limit-field"), SOURCE_ENVIRONMENT);
	ck_assert_uint_eq(options_source(&o, "limit-target"), SOURCE_FILE);
	ck_assert_uint_eq(options_source(&o, "limit-trailer"), SOURCE_DEFAULT);
	options_free(&o);
}
END_TEST

START_TEST(a_list_grows_within_a_source_and_is_replaced_by_a_stronger_one)
{
	static const char text[] = "allow = 10.0.0.0/8\nallow = 172.16.0.0/12\nconnect-ports = 80, 443\n";
	struct options o;

	write_file(text, strlen(text));
	read_well(&o, COMMAND_PROXY, "--allow 192.0.2.1 --allow=192.0.2.2,192.0.2.3");
	ck_assert_uint_eq(o.config.allow.count, 3);
	ck_assert_str_eq(o.config.allow.items[0], "192.0.2.1");
	ck_assert_str_eq(o.config.allow.items[2], "192.0.2.3");
	ck_assert_uint_eq(o.config.connect_ports.count, 2);
	ck_assert_str_eq(o.config.connect_ports.items[1], "443");
	options_free(&o);
}
END_TEST

START_TEST(an_empty_variable_is_no_value)
{
	struct options o;

	set_variable("HOPAUDIT_LOG=");
	read_well(&o, COMMAND_PROXY, "");
	ck_assert_str_eq(o.config.log, "hopaudit.jsonl");
	options_free(&o);
}
END_TEST

START_TEST(a_wrong_variable_is_named)
{
	set_variable("HOPAUDIT_WORKERS=many");
	refuse(COMMAND_PROXY, "", "HOPAUDIT_WORKERS: 'many' is not allowed: give a number from 0 to 64");
}
END_TEST

/* --- flags --- */

START_TEST(a_value_stands_behind_a_space_or_an_equals_sign)
{
	struct options o;

	read_well(&o, COMMAND_PROXY, "--window=3s --audit-memory 1G --log -");
	ck_assert_uint_eq(o.config.window_ms, 3000);
	ck_assert_uint_eq(o.config.budget_bytes, UINT64_C(1) << 30);
	ck_assert_str_eq(o.config.log, "-");
	options_free(&o);
}
END_TEST

START_TEST(an_on_off_option_can_be_turned_off_again)
{
	struct options o;

	set_variable("HOPAUDIT_DENY_PRIVATE=1");
	set_variable("HOPAUDIT_RECORD_ALL=on");
	read_well(&o, COMMAND_PROXY, "--no-deny-private -qv --all-chains --all-chains=no");
	ck_assert(!o.config.deny_private && o.config.record_all && o.config.quiet && o.config.verbose);
	ck_assert(!o.config.all_chains);
	options_free(&o);
}
END_TEST

START_TEST(choices_set_their_enum)
{
	struct options o;

	read_well(&o, COMMAND_PROXY, "--fail-on never --profile strict --color always");
	ck_assert_uint_eq(o.config.fail_on, SEVERITY_NONE);
	ck_assert_uint_eq(o.config.profile, PROFILE_STRICT);
	ck_assert(o.config.color);
	options_free(&o);
}
END_TEST

START_TEST(what_is_wrong_with_a_flag_is_said)
{
	refuse(COMMAND_PROXY, "--limit-haed 3K", "there is no option '--limit-haed': did you mean --limit-head?");
	refuse(COMMAND_PROXY, "--frobnicate", "there is no option '--frobnicate'");
	refuse(COMMAND_PROXY, "-x", "there is no option '-x'");
	refuse(COMMAND_PROXY, "--no-listen", "there is no option '--no-listen'");
	refuse(COMMAND_PROXY, "--log", "--log needs a value");
	refuse(COMMAND_PROXY, "--log --quiet", "--log needs a value");
	refuse(COMMAND_PROXY, "--log=", "--log: '' is not allowed");
	refuse(COMMAND_PROXY, "--quiet=perhaps", "--quiet: 'perhaps' is not allowed: give yes or no");
	refuse(COMMAND_PROXY, "--fail-on fatal", "'fatal' is not allowed: give error, warning, info or never");
	refuse(COMMAND_PROXY, "--listen 8307", "--listen: '8307' is not allowed: give a numeric address and a port");
	refuse(COMMAND_PROXY, "--allow 10.0.0.0/8,nowhere", "--allow: '10.0.0.0/8,nowhere' is not allowed");
	refuse(COMMAND_PROXY, "--allow 10.0.0.0/8,", "--allow: '10.0.0.0/8,' is not allowed");
	refuse(COMMAND_EXPLAIN, "--limit-head 3K",
	       "--limit-head is an option of `hopaudit proxy` and `hopaudit run` only");
}
END_TEST

START_TEST(control_bytes_of_the_user_do_not_reach_the_message)
{
	refuse(COMMAND_PROXY, "--fail-on \x1b[2J", "'\\x1b[2J' is not allowed");
}
END_TEST

START_TEST(help_is_an_answer_whatever_else_is_given)
{
	struct options o;

	read_well(&o, COMMAND_PROXY, "--help --frobnicate");
	ck_assert(o.help);
	options_free(&o);
}
END_TEST

START_TEST(a_name_that_two_commands_have_means_to_each_its_own)
{
	struct options o;

	read_well(&o, COMMAND_RUN, "--markdown page.md -- true");
	ck_assert_str_eq(o.config.report_markdown, "page.md");
	ck_assert(!o.config.explain_markdown);
	options_free(&o);
	read_well(&o, COMMAND_EXPLAIN, "--markdown");
	ck_assert(o.config.explain_markdown);
	ck_assert_ptr_null(o.config.report_markdown);
	options_free(&o);
}
END_TEST

/* --- values --- */

struct number {
	const char *text;
	uint32_t value; /* 0: refused */
};

static const struct number sizes[] = {
    {"1024", 1024},      {"64K", 65536}, {"64k", 65536}, {"16M", 16 << 20}, {"1023", 0},
    {"17M", 0},          {"64KB", 0},    {"64 K", 0},    {"K", 0},          {"-64K", 0},
    {"+64K", 0},         {"1.5K", 0},    {"0x400", 0},   {"", 0},           {"99999999999999999999", 0},
    {"17179869184G", 0},
};

static const struct number durations[] = {
    {"500ms", 500}, {"10s", 10000}, {"5m", 300000}, {"1h", 3600000}, {"24h", 86400000}, {"25h", 0},
    {"10", 0},      {"0s", 0},      {"1d", 0},      {"10 s", 0},     {"s", 0},          {"1h30m", 0},
};

static void check_number(const char *name, const struct number *n, uint32_t *member, struct config *c)
{
	char error[OPTIONS_ERROR_MAX];
	const struct option_row *row = option_find(name);

	config_defaults(c);
	ck_assert_msg(option_set(c, row, n->text, error, sizeof(error)) == (n->value != 0), "--%s %s", name, n->text);
	if (n->value)
		ck_assert_uint_eq(*member, n->value);
	else
		ck_assert_ptr_nonnull(strstr(error, "is not allowed: give a "));
	config_free(c);
}

START_TEST(a_size_is_a_number_of_bytes_with_a_unit_or_none)
{
	struct config c;

	check_number("limit-head", &sizes[_i], &c.limits.head_max, &c);
}
END_TEST

START_TEST(a_duration_is_a_number_with_a_unit)
{
	struct config c;

	check_number("timeout-connect", &durations[_i], &c.timeouts.connect_ms, &c);
}
END_TEST

START_TEST(a_refused_value_changes_nothing)
{
	char error[OPTIONS_ERROR_MAX];
	struct config c;

	config_defaults(&c);
	ck_assert(!option_set(&c, option_find("allow"), "10.0.0.0/8,x", error, sizeof(error)));
	ck_assert_uint_eq(c.allow.count, 0);
	ck_assert(!option_set(&c, option_find("listen"), "x", error, sizeof(error)));
	ck_assert_str_eq(c.listen, "127.0.0.1:8307");
	config_free(&c);
}
END_TEST

/* --- the table --- */

START_TEST(every_default_is_a_value_that_its_option_accepts)
{
	char value[256], again[256], error[OPTIONS_ERROR_MAX];
	struct config c;

	config_defaults(&c);
	for (size_t i = 0; i < option_count; i++) {
		const struct option_row *row = &option_rows[i];

		option_format(&c, row, value, sizeof(value));
		if (*value == '\0' || row->kind == OPTION_HELP)
			continue;
		option_clear(&c, row);
		ck_assert_msg(option_set(&c, row, value, error, sizeof(error)), "--%s: %s", row->name, error);
		option_format(&c, row, again, sizeof(again));
		ck_assert_str_eq(value, again);
	}
	config_free(&c);
}
END_TEST

/* Each member of a struct of uint32_t has one row, and no two rows set the same bytes. */
static void check_members(size_t offset, size_t size, const char *prefix)
{
	size_t members = size / sizeof(uint32_t), rows = 0;

	for (size_t i = 0; i < option_count; i++) {
		const struct option_row *row = &option_rows[i];

		if (row->offset < offset || row->offset >= offset + size)
			continue;
		ck_assert_msg(strncmp(row->name, prefix, strlen(prefix)) == 0, "--%s", row->name);
		rows++;
	}
	ck_assert_uint_eq(rows, members);
}

START_TEST(every_limit_and_every_timeout_has_an_option)
{
	check_members(offsetof(struct config, limits), sizeof(struct limits), "limit-");
	check_members(offsetof(struct config, timeouts), sizeof(struct timeouts), "timeout-");
}
END_TEST

/* One name may mean two things to two commands, as long as a variable and a key mean one. */
static bool may_share_a_name(const struct option_row *first, const struct option_row *second)
{
	return (first->commands & second->commands) == 0 && second->flag_only;
}

START_TEST(no_two_options_of_a_command_share_a_name_and_none_a_letter_or_a_member)
{
	for (size_t i = 0; i < option_count; i++) {
		for (size_t j = 0; j < i; j++) {
			const struct option_row *a = &option_rows[i], *b = &option_rows[j];

			ck_assert_msg(strcmp(a->name, b->name) != 0 || may_share_a_name(b, a), "--%s", a->name);
			ck_assert_msg(a->letter == 0 || a->letter != b->letter, "-%c", a->letter);
			ck_assert_msg(a->kind == OPTION_HELP || b->kind == OPTION_HELP || a->offset != b->offset,
				      "--%s and --%s set the same member", a->name, b->name);
		}
	}
}
END_TEST

START_TEST(a_variable_is_the_name_in_capitals)
{
	char variable[OPTION_VARIABLE_MAX];

	option_variable(option_find("limit-pool-per-origin"), variable);
	ck_assert_str_eq(variable, "HOPAUDIT_LIMIT_POOL_PER_ORIGIN");
}
END_TEST

/* --- the configuration file --- */

struct file_row {
	const char *text;
	const char *error; /* behind the path; NULL: accepted */
};

static const struct file_row files[] = {
    {"", NULL},
    {"# nothing\n\n   \t\n  # still nothing\n", NULL},
    {"limit-head=8K", NULL},
    {"  limit-head  =  8K  # why\r\n", NULL},
    {"log = a#b.jsonl\n", NULL},
    {"limit-head\n", ":1:1: a line is `key = value`"},
    {"\n\n  = 8K\n", ":3:3: there is no key before the ="},
    {"limit-haed = 8K\n", ":1:1: there is no key 'limit-haed': did you mean 'limit-head'?"},
    {"\n   frobnicate = 1\n", ":2:4: there is no key 'frobnicate': see "},
    {"limit-head = 64Q\n", ":1:14: limit-head: '64Q' is not allowed: give a size from 1K to 16M"},
    {"limit-head =\n", ":1:13: limit-head: '' is not allowed"},
    {"limit-head = 8K\nlimit-field = 8K\nlimit-head = 9K\n", ":3:1: 'limit-head' was set before, in line 1"},
    {"help = yes\n", ":1:1: 'help' is an option of the command line only"},
    {"config = other\n", ":1:1: 'config' is an option of the command line only"},
    {"--log = x\n", ":1:1: there is no key '--log'"},
};

START_TEST(a_file_is_read_line_by_line_and_its_mistakes_are_located)
{
	char expected[256];
	struct options o;

	write_file(files[_i].text, strlen(files[_i].text));
	if (!files[_i].error) {
		read_well(&o, COMMAND_PROXY, "");
		options_free(&o);
		return;
	}
	snprintf(expected, sizeof(expected), "%s%s", file_path, files[_i].error);
	refuse(COMMAND_PROXY, "", expected);
}
END_TEST

START_TEST(a_comment_needs_white_space_before_it)
{
	static const char text[] = "log = a#b.jsonl # a name with a hash\n";
	struct options o;

	write_file(text, strlen(text));
	read_well(&o, COMMAND_PROXY, "");
	ck_assert_str_eq(o.config.log, "a#b.jsonl");
	options_free(&o);
}
END_TEST

START_TEST(a_nul_byte_in_the_file_is_refused)
{
	static const char text[] = "log = a\0b\n";

	write_file(text, sizeof(text) - 1);
	refuse(COMMAND_PROXY, "", ":1:1: the line holds a NUL byte");
}
END_TEST

START_TEST(a_file_that_was_asked_for_must_be_there)
{
	refuse(COMMAND_PROXY, "--config /nonexistent/file", "/nonexistent/file: No such file or directory");
}
END_TEST

START_TEST(the_usual_file_need_not_be_there)
{
	struct options o;

	set_variable("XDG_CONFIG_HOME=/nonexistent");
	read_well(&o, COMMAND_PROXY, "");
	options_free(&o);
}
END_TEST

START_TEST(the_usual_file_is_read)
{
	char folder[] = "/tmp/hopaudit-config-XXXXXX", path[128], variable[128];
	struct options o;
	bool good;
	FILE *f;

	ck_assert_ptr_nonnull(mkdtemp(folder));
	snprintf(variable, sizeof(variable), "XDG_CONFIG_HOME=%s", folder);
	set_variable(variable);
	snprintf(path, sizeof(path), "mkdir %s/hopaudit", folder);
	ck_assert_int_eq(system(path), 0);
	snprintf(path, sizeof(path), "%s/hopaudit/config", folder);
	f = fopen(path, "w");
	fputs("workers = 3\n", f);
	fclose(f);
	good = read_line(&o, COMMAND_PROXY, "");
	snprintf(path, sizeof(path), "rm -r %s", folder);
	ck_assert_int_eq(system(path), 0);
	ck_assert_msg(good, "%s", o.error);
	ck_assert_uint_eq(o.config.workers, 3);
	options_free(&o);
}
END_TEST

/* --- run --- */

START_TEST(run_stops_reading_options_at_the_command)
{
	struct options o;

	read_well(&o, COMMAND_RUN, "--quiet -- curl --help -- x");
	ck_assert(!o.help && o.config.quiet);
	ck_assert_int_eq(o.operand_count, 4);
	ck_assert_str_eq(o.operands[0], "curl");
	ck_assert_str_eq(o.operands[1], "--help");
	ck_assert_str_eq(o.operands[2], "--");
	ck_assert_ptr_null(o.operands[4]);
	options_free(&o);
	read_well(&o, COMMAND_RUN, "-q pytest -x");
	ck_assert_int_eq(o.operand_count, 2);
	options_free(&o);
}
END_TEST

START_TEST(run_takes_a_free_port_beside_a_configured_daemon)
{
	static const char text[] = "listen = 127.0.0.1:8307\ntimeout-drain = 60s\n";
	struct options o;

	write_file(text, strlen(text));
	read_well(&o, COMMAND_RUN, "true");
	ck_assert_str_eq(o.config.listen, "127.0.0.1:0");
	ck_assert_uint_eq(o.config.timeouts.drain_ms, 1000);
	options_free(&o);
}
END_TEST

START_TEST(run_listens_where_a_flag_or_a_variable_says)
{
	struct options o;

	set_variable("HOPAUDIT_LISTEN=127.0.0.1:9001");
	read_well(&o, COMMAND_RUN, "true");
	ck_assert_str_eq(o.config.listen, "127.0.0.1:9001");
	options_free(&o);
	read_well(&o, COMMAND_RUN, "--listen [::1]:9002 true");
	ck_assert_str_eq(o.config.listen, "[::1]:9002");
	options_free(&o);
}
END_TEST

START_TEST(other_commands_take_options_behind_operands)
{
	struct options o;

	read_well(&o, COMMAND_EXPLAIN, "307 --color never -- --308");
	ck_assert_int_eq(o.operand_count, 2);
	ck_assert_str_eq(o.operands[1], "--308");
	ck_assert_uint_eq(o.config.color_when, COLOR_NEVER);
	options_free(&o);
}
END_TEST

/* --- together --- */

START_TEST(a_listener_beyond_loopback_needs_networks_or_users)
{
	struct options o;

	refuse(COMMAND_PROXY, "--listen 0.0.0.0:8307", "say who may with --allow NETWORK or --users FILE");
	refuse(COMMAND_RUN, "--listen [::]:0 true", "--listen [::]:0 is not on loopback");
	read_well(&o, COMMAND_PROXY, "--listen 0.0.0.0:8307 --allow 10.0.0.0/8");
	options_free(&o);
	read_well(&o, COMMAND_PROXY, "--listen 0.0.0.0:8307 --users users.txt");
	options_free(&o);
}
END_TEST

/* --- the proxy in front of us --- */

START_TEST(the_upstream_proxy_is_a_key_of_the_file)
{
	static const char text[] =
	    "upstream-proxy = http://me:pw@file.test:3128\nno-upstream-proxy = a.test, *.b.test\n";
	struct options o;

	write_file(text, strlen(text));
	read_well(&o, COMMAND_RUN, "");
	ck_assert_str_eq(o.config.upstream_proxy, "http://me:pw@file.test:3128");
	ck_assert_uint_eq(o.config.no_upstream_proxy.count, 2);
	ck_assert_str_eq(o.config.no_upstream_proxy.items[1], "*.b.test");
	options_free(&o);
}
END_TEST

START_TEST(the_upstream_proxy_is_a_variable_and_its_exceptions_are_a_flag_too)
{
	struct options o;

	set_variable("HOPAUDIT_UPSTREAM_PROXY=http://variable.test");
	set_variable("HOPAUDIT_NO_UPSTREAM_PROXY=::1");
	read_well(&o, COMMAND_PROXY, "--no-upstream-proxy localhost");
	ck_assert_str_eq(o.config.upstream_proxy, "http://variable.test");
	ck_assert_str_eq(o.config.no_upstream_proxy.items[0], "localhost");
	options_free(&o);
}
END_TEST

START_TEST(a_proxy_variable_of_clients_is_not_obeyed)
{
	struct options o;

	set_variable("HTTP_PROXY=http://proxy.test:3128");
	set_variable("https_proxy=http://proxy.test:3128");
	read_well(&o, COMMAND_PROXY, "");
	ck_assert_ptr_null(o.config.upstream_proxy);
	options_free(&o);
}
END_TEST

START_TEST(the_password_of_the_upstream_proxy_is_in_no_message)
{
	struct options o;

	refuse(COMMAND_PROXY, "--upstream-proxy https://me:hunter2@proxy.test",
	       "--upstream-proxy: its value is not allowed: give http://[USER:PASSWORD@]HOST[:PORT] (a proxy that is "
	       "itself reached by https://");
	ck_assert(!read_line(&o, COMMAND_PROXY, "--upstream-proxy http://me:hunter2@"));
	ck_assert_ptr_null(strstr(o.error, "hunter2"));
	options_free(&o);
	set_variable("HOPAUDIT_UPSTREAM_PROXY=me:hunter2@proxy.test:1");
	ck_assert(!read_line(&o, COMMAND_PROXY, ""));
	ck_assert_ptr_null(strstr(o.error, "hunter2"));
	options_free(&o);
}
END_TEST

START_TEST(the_password_of_the_upstream_proxy_leaves_the_command_line)
{
	char apart[] = "http://me:hunter2@proxy.test:3128", joined[] = "--upstream-proxy=http://me:p@w@proxy.test";
	char *arguments[] = {(char *)"--upstream-proxy", apart, joined};
	struct options o;

	ck_assert(options_read(&o, COMMAND_PROXY, 2, arguments, environment));
	ck_assert_str_eq(o.config.upstream_proxy, "http://me:hunter2@proxy.test:3128");
	ck_assert_str_eq(apart, "http://**********@proxy.test:3128");
	options_free(&o);
	ck_assert(!options_read(&o, COMMAND_PROXY, 1, &arguments[2], environment));
	options_free(&o);
	strcpy(joined, "--upstream-proxy=http://me:pw@proxy.test");
	ck_assert(options_read(&o, COMMAND_PROXY, 1, &arguments[2], environment));
	ck_assert_str_eq(joined, "--upstream-proxy=http://*****@proxy.test");
	options_free(&o);
}
END_TEST

START_TEST(private_addresses_can_not_be_denied_where_the_upstream_proxy_resolves)
{
	refuse(COMMAND_PROXY, "--deny-private --upstream-proxy http://proxy.test",
	       "--deny-private and --upstream-proxy do not go together");
}
END_TEST

START_TEST(colour_obeys_the_flag_before_no_color_before_the_terminal)
{
	struct config c = {.color_when = COLOR_AUTO};
	char *plain[] = {(char *)"TERM=xterm", NULL};
	char *without[] = {(char *)"TERM=xterm", (char *)"NO_COLOR=1", NULL};
	int terminal = posix_openpt(O_RDWR | O_NOCTTY), null = open("/dev/null", O_RDWR);

	ck_assert_int_ge(terminal, 0);
	ck_assert(options_color(&c, terminal, plain));
	ck_assert(!options_color(&c, null, plain));
	ck_assert(!options_color(&c, terminal, without));
	c.color_when = COLOR_ALWAYS;
	ck_assert(options_color(&c, null, without));
	c.color_when = COLOR_NEVER;
	ck_assert(!options_color(&c, terminal, plain));
	close(terminal);
	close(null);
}
END_TEST

static void add_source_tests(TCase *t)
{
	tcase_add_test(t, without_any_source_everything_is_default);
	tcase_add_test(t, a_flag_goes_before_a_variable_before_the_file_before_the_default);
	tcase_add_test(t, a_list_grows_within_a_source_and_is_replaced_by_a_stronger_one);
	tcase_add_test(t, an_empty_variable_is_no_value);
	tcase_add_test(t, a_wrong_variable_is_named);
	tcase_add_test(t, a_value_stands_behind_a_space_or_an_equals_sign);
	tcase_add_test(t, an_on_off_option_can_be_turned_off_again);
	tcase_add_test(t, choices_set_their_enum);
	tcase_add_test(t, what_is_wrong_with_a_flag_is_said);
	tcase_add_test(t, control_bytes_of_the_user_do_not_reach_the_message);
	tcase_add_test(t, help_is_an_answer_whatever_else_is_given);
	tcase_add_test(t, run_stops_reading_options_at_the_command);
	tcase_add_test(t, run_takes_a_free_port_beside_a_configured_daemon);
	tcase_add_test(t, run_listens_where_a_flag_or_a_variable_says);
	tcase_add_test(t, other_commands_take_options_behind_operands);
	tcase_add_test(t, a_listener_beyond_loopback_needs_networks_or_users);
	tcase_add_test(t, colour_obeys_the_flag_before_no_color_before_the_terminal);
}

static void add_upstream_proxy_tests(TCase *t)
{
	tcase_add_test(t, the_upstream_proxy_is_a_key_of_the_file);
	tcase_add_test(t, the_upstream_proxy_is_a_variable_and_its_exceptions_are_a_flag_too);
	tcase_add_test(t, a_proxy_variable_of_clients_is_not_obeyed);
	tcase_add_test(t, the_password_of_the_upstream_proxy_is_in_no_message);
	tcase_add_test(t, the_password_of_the_upstream_proxy_leaves_the_command_line);
	tcase_add_test(t, private_addresses_can_not_be_denied_where_the_upstream_proxy_resolves);
}

static void add_value_tests(TCase *t)
{
	tcase_add_loop_test(t, a_size_is_a_number_of_bytes_with_a_unit_or_none, 0, sizeof(sizes) / sizeof(sizes[0]));
	tcase_add_loop_test(t, a_duration_is_a_number_with_a_unit, 0, sizeof(durations) / sizeof(durations[0]));
	tcase_add_test(t, a_refused_value_changes_nothing);
	tcase_add_test(t, every_default_is_a_value_that_its_option_accepts);
	tcase_add_test(t, every_limit_and_every_timeout_has_an_option);
	tcase_add_test(t, a_name_that_two_commands_have_means_to_each_its_own);
	tcase_add_test(t, no_two_options_of_a_command_share_a_name_and_none_a_letter_or_a_member);
	tcase_add_test(t, a_variable_is_the_name_in_capitals);
}

static void add_file_tests(TCase *t)
{
	tcase_add_loop_test(t, a_file_is_read_line_by_line_and_its_mistakes_are_located, 0,
			    sizeof(files) / sizeof(files[0]));
	tcase_add_test(t, a_comment_needs_white_space_before_it);
	tcase_add_test(t, a_nul_byte_in_the_file_is_refused);
	tcase_add_test(t, a_file_that_was_asked_for_must_be_there);
	tcase_add_test(t, the_usual_file_need_not_be_there);
	tcase_add_test(t, the_usual_file_is_read);
}

static void add_https_tests(TCase *t)
{
	tcase_add_test(t, the_daemon_opens_tls_with_an_authority_of_the_users_own);
	tcase_add_test(t, run_has_a_fresh_authority_and_yields_to_clients_that_refuse_it);
	tcase_add_test(t, what_the_file_says_of_rejected_certificates_holds_for_run_too);
	tcase_add_test(t, certificate_and_key_go_together);
	tcase_add_test(t, hosts_to_pass_through_are_names_addresses_or_all_below_a_name);
	tcase_add_test(t, the_oldest_tls_is_1_2_or_1_3);
}

int main(void)
{
	Suite *s = suite_create("options");
	TCase *sources = tcase_create("sources"), *values = tcase_create("values"), *file = tcase_create("file");
	TCase *https = tcase_create("https"), *upstream_proxy = tcase_create("upstream_proxy");
	SRunner *sr = srunner_create(s);
	int failed;

	add_source_tests(sources);
	add_value_tests(values);
	add_file_tests(file);
	add_https_tests(https);
	add_upstream_proxy_tests(upstream_proxy);
	suite_add_tcase(s, sources);
	suite_add_tcase(s, values);
	suite_add_tcase(s, file);
	suite_add_tcase(s, https);
	suite_add_tcase(s, upstream_proxy);
	srunner_run_all(sr, CK_NORMAL);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
