/* SPDX-License-Identifier: MIT
 *
 * `hopaudit mark`: tells a running proxy which test begins, by the name that the proxy answers itself. */
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>

#include "audit/record/text_buf.h"
#include "parser/uri.h"
#include "proxy/cli/address.h"
#include "proxy/cli/ask.h"
#include "proxy/cli/command.h"
#include "proxy/cli/text.h"

#define CREDENTIALS_MAX 1024 /* as the proxy takes them */

/* The proxy, as --proxy or the environment names it. */
struct proxy_url {
	char *text;     /* owned; with a scheme */
	struct uri url; /* views into it */
	char shown[80]; /* "127.0.0.1:8307": without what may be secret */
};

/* What leads a command's requests is what it marks with: the tag in http_proxy is the newest word. */
static const char *proxy_given(const struct cli *cli, const struct options *o)
{
	static const char *const names[] = {"http_proxy", "HTTP_PROXY", "HOPAUDIT_PROXY"};

	if (o->config.mark_proxy)
		return o->config.mark_proxy;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		const char *value = environment_get(cli->environment, names[i]);

		if (value && *value)
			return value;
	}
	return NULL;
}

static bool read_proxy(const struct cli *cli, const struct options *o, struct proxy_url *p)
{
	const char *given = proxy_given(cli, o);
	char reach[64];
	int len;

	if (!given) {
		address_reach(o->config.listen, reach, sizeof(reach));
		given = reach;
	}
	len = asprintf(&p->text, "%s%s", strstr(given, "://") ? "" : "http://", given);
	if (len < 0) {
		p->text = NULL;
		return false;
	}
	if (uri_parse_http(bytes_of(p->text, (size_t)len), &p->url) != URI_OK || !scheme_is(&p->url, BYTES("http")))
		return false;
	snprintf(p->shown, sizeof(p->shown), "%.*s:%u", (int)p->url.host.len, p->url.host.ptr, uri_port(&p->url));
	return true;
}

/* Percent-decodes `from`; what is malformed stays as it is. */
static size_t decode(struct bytes from, char *to)
{
	size_t n = 0;

	for (size_t i = 0; i < from.len; i++) {
		int high = from.ptr[i] == '%' && i + 2 < from.len ? hex_value((unsigned char)from.ptr[i + 1]) : -1;
		int low = high >= 0 ? hex_value((unsigned char)from.ptr[i + 2]) : -1;

		to[n] = from.ptr[i];
		if (low >= 0) {
			to[n] = (char)(high << 4 | low);
			i += 2;
		}
		n++;
	}
	return n;
}

/* The tag, and the password where one is needed. False when it is longer than any proxy of ours takes. */
static bool add_credentials(struct text_buf *t, struct bytes userinfo)
{
	char plain[CREDENTIALS_MAX], coded[2 * CREDENTIALS_MAX];
	size_t colon = bytes_find(userinfo, ':'), len;

	if (userinfo.len == 0)
		return true;
	if (userinfo.len + 1 > sizeof(plain))
		return false;
	len = decode(bytes_slice(userinfo, 0, colon), plain);
	plain[len++] = ':';
	len += decode(bytes_slice(userinfo, colon + 1, userinfo.len), plain + len);
	EVP_EncodeBlock((unsigned char *)coded, (const unsigned char *)plain, (int)len);
	TEXT_BUF_LITERAL(t, "Proxy-Authorization: Basic ");
	text_buf_add_str(t, coded);
	TEXT_BUF_LITERAL(t, "\r\n");
	explicit_bzero(plain, sizeof(plain));
	explicit_bzero(coded, sizeof(coded));
	return true;
}

static void add_encoded(struct text_buf *t, const char *name)
{
	char escape[4];

	for (; *name; name++) {
		unsigned char c = (unsigned char)*name;
		bool plain = ascii_is_digit(c) || (unsigned char)(ascii_lower(c) - 'a') < 26 || strchr("-._~", c);

		snprintf(escape, sizeof(escape), plain ? "%c" : "%%%02X", c);
		text_buf_add_str(t, escape);
	}
}

/* The status and the first line of what hopaudit says of itself; NULL: nothing, or somebody else speaks. */
static char *read_words(char *answer, int *status)
{
	static const char ours[] = "\r\n\r\nhopaudit: ";
	char *words = strstr(answer, ours);

	*status = 0;
	if (sscanf(answer, "HTTP/1.%*1[01] %3d", status) != 1 || !words)
		return NULL;
	words += sizeof(ours) - 1;
	words[strcspn(words, "\r\n")] = '\0';
	return words;
}

static int failed(const struct cli *cli, const struct proxy_url *p, const char *why)
{
	fprintf(cli->err, "hopaudit: %s: %s\n", p->shown, why);
	return STATUS_FAILED;
}

static int judge(const struct cli *cli, const struct command *c, const struct proxy_url *p, char *answer)
{
	int status;
	char *words = read_words(answer, &status);
	char quoted[256];

	if (!words)
		return failed(cli, p, "what answers there is no hopaudit that knows marks");
	if (status == 200)
		return STATUS_OK;
	if (status == 400)
		return command_usage_error(cli, c, "%s", words);
	text_quote(quoted, sizeof(quoted), words);
	fprintf(cli->err, "hopaudit: %s answered %d: %s\n", p->shown, status, quoted);
	return STATUS_FAILED;
}

static int send_mark(const struct cli *cli, const struct command *c, const struct proxy_url *p, struct bytes request)
{
	const struct addrinfo hints = {.ai_socktype = SOCK_STREAM};
	struct bytes host = p->url.host;
	struct addrinfo *at = NULL;
	char name[256], port[8], answer[4096];
	int error;

	if (host.len > 1 && host.ptr[0] == '[')
		host = bytes_slice(host, 1, host.len - 1);
	snprintf(name, sizeof(name), "%.*s", (int)host.len, host.ptr);
	snprintf(port, sizeof(port), "%u", uri_port(&p->url));
	error = getaddrinfo(name, port, &hints, &at);
	if (error)
		return failed(cli, p, gai_strerror(error));
	error = ask(at, request, answer, sizeof(answer));
	freeaddrinfo(at);
	return error ? failed(cli, p, strerror(error)) : judge(cli, c, p, answer);
}

/* False when the user name and password are too long. */
static bool write_request(struct text_buf *request, const char *name, const struct proxy_url *p)
{
	TEXT_BUF_LITERAL(request, "POST http://hopaudit.invalid/mark?name=");
	add_encoded(request, name);
	TEXT_BUF_LITERAL(request, " HTTP/1.1\r\nHost: hopaudit.invalid\r\nContent-Length: 0\r\n");
	if (!add_credentials(request, p->url.userinfo))
		return false;
	TEXT_BUF_LITERAL(request, "Connection: close\r\n\r\n");
	return true;
}

static int mark(const struct cli *cli, const struct command *c, const struct options *o)
{
	struct proxy_url p = {0};
	struct text_buf request = {0};
	int status;

	if (!read_proxy(cli, o, &p))
		status = command_usage_error(cli, c, "the proxy is no http:// URL: give --proxy http://TAG:@HOST:PORT");
	else if (!write_request(&request, o->operands[0], &p))
		status = command_usage_error(cli, c, "the user name and password of the proxy are too long");
	else if (request.failed)
		status = failed(cli, &p, "out of memory");
	else
		status = send_mark(cli, c, &p, text_buf_view(&request));
	text_buf_free(&request);
	free(p.text);
	return status;
}

int command_mark(const struct cli *cli, const struct command *c, int count, char **arguments)
{
	struct options o;
	int status;

	if (command_options(cli, c, count, arguments, &o, &status)) {
		if (o.operand_count == 1)
			status = mark(cli, c, &o);
		else if (o.operand_count == 0)
			status = command_usage_error(cli, c, "which test begins? hopaudit mark NAME ('' for none)");
		else
			status = command_usage_error(cli, c, "`hopaudit mark` takes one NAME, but was given '%s' too",
						     o.operands[1]);
	}
	options_free(&o);
	return status;
}
