/* SPDX-License-Identifier: MIT
 *
 * `hopaudit inspect`: one URL and where it leads, looked at closely. */
#include <curl/curl.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "audit/report/report_output.h"
#include "proxy/cli/command.h"
#include "proxy/inspect/inspect_print.h"

#define ERROR_MAX 512
#define DATA_MAX ((size_t)16 << 20)

static int failed(const struct cli *cli, const char *why)
{
	fprintf(cli->err, "hopaudit: %s\n", why);
	return STATUS_FAILED;
}

/* "@FILE" is what FILE holds. False with errno. */
static bool read_data(const char *given, struct text_buf *out)
{
	FILE *f;
	char part[16384];
	size_t n;

	if (given[0] != '@') {
		text_buf_add_str(out, given);
		return !out->failed;
	}
	f = fopen(given + 1, "rbe");
	while (f && out->len <= DATA_MAX && (n = fread(part, 1, sizeof(part), f)) > 0)
		text_buf_add(out, bytes_of(part, n));
	if (!f || ferror(f) || out->failed) {
		if (f)
			fclose(f);
		return false;
	}
	fclose(f);
	errno = EFBIG;
	return out->len <= DATA_MAX;
}

static int put(const struct cli *cli, const struct config *config, struct bytes text)
{
	if (config->report_output ? report_file_replace(config->report_output, text)
				  : fwrite(text.ptr, 1, text.len, cli->out) == text.len && fflush(cli->out) == 0)
		return STATUS_OK;
	fprintf(cli->err, "hopaudit: %s: %s\n", config->report_output ? config->report_output : "stdout",
		strerror(errno));
	return STATUS_FAILED;
}

static int print(const struct cli *cli, const struct config *config, const struct inspection *in)
{
	uint8_t key[REDACTION_KEY_BYTES];
	struct redactor redactor;
	struct text_buf text = {0};
	const struct terminal t = {.color = !config->report_output &&
					    options_color(config, STDOUT_FILENO, cli->environment)};
	int status;

	if (getrandom(key, sizeof(key), 0) != sizeof(key))
		return failed(cli, "no random bytes from the system");
	redactor_init(&redactor, key);
	if (config->inspect_json)
		inspect_json(in, &redactor, &text);
	else if (config->inspect_html)
		inspect_html(in, &redactor, &text);
	else
		inspect_text(in, &t, &redactor, &text);
	status = text.failed ? failed(cli, strerror(ENOMEM)) : put(cli, config, text_buf_view(&text));
	redactor_free(&redactor);
	text_buf_free(&text);
	return status;
}

static int inspect(const struct cli *cli, const struct config *config, const char *url, struct bytes data)
{
	const char *method = config->inspect_method ? config->inspect_method : config->inspect_data ? "POST" : "GET";
	struct inspection *in = calloc(1, sizeof(*in));
	char error[ERROR_MAX];
	int status;

	if (!in)
		return failed(cli, strerror(ENOMEM));
	if (!inspection_run(in, config, method, url, data, config->inspect_data != NULL, error, sizeof(error))) {
		inspection_free(in);
		free(in);
		fprintf(cli->err, "hopaudit: %s\n", error);
		return STATUS_USAGE;
	}
	status = print(cli, config, in);
	if (status == STATUS_OK && config->fail_on != SEVERITY_NONE && inspection_verdict(in) >= config->fail_on)
		status = STATUS_FINDING;
	else if (status == STATUS_OK && in->failed)
		status = failed(cli, in->ended);
	inspection_free(in);
	free(in);
	return status;
}

int command_inspect(const struct cli *cli, const struct command *c, int count, char **arguments)
{
	struct options o;
	struct text_buf data = {0};
	int status;

	if (command_options(cli, c, count, arguments, &o, &status)) {
		if (o.operand_count != 1)
			status = command_usage_error(cli, c, "one URL is inspected at a time");
		else if (o.config.inspect_data && !read_data(o.config.inspect_data, &data))
			status = command_usage_error(cli, c, "--data %s: %s", o.config.inspect_data, strerror(errno));
		else
			status = inspect(cli, &o.config, o.operands[0], text_buf_view(&data));
	}
	text_buf_free(&data);
	options_free(&o);
	return status;
}
