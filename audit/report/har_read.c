/* SPDX-License-Identifier: MIT
 *
 * From JSON to entries (har_read.h). */
#include "audit/report/har_read.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <openssl/evp.h>
#include <sys/stat.h>
#include <time.h>

#include "audit/report/json_get.h"
#include "parser/http_head.h"
#include "parser/uri.h"

#define MS_US 1000.0
#define DAY_MS 86400000.0 /* no phase of an exchange takes longer */

static bool fail(char *error, size_t error_size, size_t number, const char *why)
{
	snprintf(error, error_size, "entry %zu: %s", number, why);
	return false;
}

/* "2026-11-24T12:00:00.123+01:00"; false where it is none. */
static bool read_time(const char *text, int64_t *us)
{
	struct tm tm = {0};
	int64_t fraction = 0, unit = 100000, offset = 0;
	int read = 0, hours, minutes;

	if (!text || sscanf(text, "%4d-%2d-%2dT%2d:%2d:%2d%n", &tm.tm_year, &tm.tm_mon, &tm.tm_mday, &tm.tm_hour,
			    &tm.tm_min, &tm.tm_sec, &read) != 6)
		return false;
	text += read;
	if (*text == '.' || *text == ',') {
		for (text++; ascii_is_digit((unsigned char)*text); text++, unit /= 10)
			fraction += (*text - '0') * unit;
	}
	if ((*text == '+' || *text == '-') && sscanf(text + 1, "%2d:%2d", &hours, &minutes) == 2)
		offset = (*text == '-' ? -1 : 1) * ((int64_t)hours * 60 + minutes) * 60;
	else if (*text != 'Z' && *text != 'z' && *text != 0)
		return false;
	tm.tm_year -= 1900;
	tm.tm_mon -= 1;
	*us = ((int64_t)timegm(&tm) - offset) * 1000000 + fraction;
	return true;
}

/* Milliseconds, whole or not; -1 is said of what did not happen. */
static double get_ms(const json_t *object, const char *name)
{
	double ms = json_number_value(json_object_get(object, name));

	return ms > 0 && ms < DAY_MS ? ms : 0;
}

/* `ssl` is a part of `connect`. */
static bool read_times(struct har_entry *e, const json_t *entry)
{
	const json_t *timings = json_object_get(entry, "timings");
	double head = get_ms(timings, "blocked") + get_ms(timings, "dns") + get_ms(timings, "connect") +
		      get_ms(timings, "send") + get_ms(timings, "wait");
	double total = get_ms(entry, "time");

	if (!read_time(get_text(entry, "startedDateTime"), &e->start_us))
		return false;
	if (head == 0)
		head = total;
	if (total < head)
		total = head + get_ms(timings, "receive");
	e->response_us = e->start_us + (int64_t)(head * MS_US);
	e->end_us = e->start_us + (int64_t)(total * MS_US);
	return true;
}

static bool is_one_of(struct bytes name, const char *const *names)
{
	for (; *names; names++) {
		if (bytes_equal_nocase(name, bytes_str(*names)))
			return true;
	}
	return false;
}

/* The head is HTTP/1.1 for whoever reads on: a control byte would end a line of it, and more than one line is one field
 * each (several Set-Cookie are joined by line breaks). */
static void add_field(struct text_buf *t, struct bytes name, struct bytes value)
{
	while (true) {
		size_t end = bytes_find(value, '\n');
		struct bytes line = bytes_trim(bytes_slice(value, 0, end));

		text_buf_add(t, name);
		TEXT_BUF_LITERAL(t, ": ");
		for (size_t i = 0; i < line.len; i++)
			text_buf_add_char(t,
					  (unsigned char)line.ptr[i] < ' ' || line.ptr[i] == 0x7f ? ' ' : line.ptr[i]);
		TEXT_BUF_LITERAL(t, "\r\n");
		if (end >= value.len)
			return;
		value = bytes_slice(value, end + 1, value.len);
	}
}

/* Framing is told anew, by what the archive holds; ":authority" and its kin stand in the URL. */
static char *fields_of(const json_t *message, const char *const *without)
{
	const json_t *headers = json_object_get(message, "headers");
	struct text_buf t = {0};

	for (size_t i = 0; i < json_array_size(headers); i++) {
		const json_t *header = json_array_get(headers, i);
		struct bytes name = get_bytes(header, "name");

		if (bytes_is_token(name) && !is_one_of(name, without))
			add_field(&t, name, get_bytes(header, "value"));
	}
	text_buf_add_char(&t, 0);
	if (t.failed || t.len > HAR_HEAD_MAX) {
		text_buf_free(&t);
		return NULL;
	}
	return t.ptr;
}

static struct bytes get_header(const json_t *message, const char *name)
{
	const json_t *headers = json_object_get(message, "headers");

	for (size_t i = 0; i < json_array_size(headers); i++) {
		const json_t *header = json_array_get(headers, i);

		if (bytes_equal_nocase(get_bytes(header, "name"), bytes_str(name)))
			return get_bytes(header, "value");
	}
	return bytes_of(NULL, 0);
}

/* As a browser writes a form. */
static void add_encoded(struct text_buf *t, struct bytes b)
{
	static const char hex[] = "0123456789ABCDEF";

	for (size_t i = 0; i < b.len; i++) {
		unsigned char c = (unsigned char)b.ptr[i];

		if (ascii_is_digit(c) || (unsigned char)(ascii_lower(c) - 'a') < 26 || strchr("*-._", c ? c : ' ')) {
			text_buf_add_char(t, (char)c);
		} else if (c == ' ') {
			text_buf_add_char(t, '+');
		} else {
			const char encoded[] = {'%', hex[c >> 4], hex[c & 15]};

			text_buf_add(t, bytes_of(encoded, sizeof(encoded)));
		}
	}
}

/* Some producers keep the parameters of a form alone. Only where that has the length that was sent is it what was. */
static bool take_parameters(struct har_entry *e, const json_t *post, int64_t size)
{
	const json_t *params = json_object_get(post, "params");
	struct text_buf t = {0};

	for (size_t i = 0; i < json_array_size(params); i++) {
		const json_t *param = json_array_get(params, i);

		if (i > 0)
			text_buf_add_char(&t, '&');
		add_encoded(&t, get_bytes(param, "name"));
		text_buf_add_char(&t, '=');
		add_encoded(&t, get_bytes(param, "value"));
	}
	if (t.failed || t.len == 0 || (int64_t)t.len != size) {
		text_buf_free(&t);
		return false;
	}
	e->decoded = t.ptr;
	e->text = text_buf_view(&t);
	return true;
}

static bool is_ascii(struct bytes b)
{
	for (size_t i = 0; i < b.len; i++) {
		if ((unsigned char)b.ptr[i] >= 0x80)
			return false;
	}
	return true;
}

static bool decode_base64(struct har_entry *e)
{
	size_t padding = 0;
	int len;

	e->decoded = malloc(e->text.len + 1);
	if (!e->decoded || e->text.len > INT_MAX || e->text.len % 4 != 0)
		return false;
	while (padding < 2 && padding < e->text.len && e->text.ptr[e->text.len - 1 - padding] == '=')
		padding++;
	len = EVP_DecodeBlock((uint8_t *)e->decoded, (const uint8_t *)e->text.ptr, (int)e->text.len);
	if (len < 0)
		return false;
	e->text = bytes_of(e->decoded, (size_t)len - padding);
	return true;
}

/* False where it is no base64. A text of another length than was sent was cut, unless it is in another charset. */
static bool take_text(struct har_entry *e, const json_t *post, int64_t size)
{
	struct bytes encoding = get_bytes(post, "encoding");

	e->content = HAR_CONTENT_HELD;
	e->text = get_bytes(post, "text");
	if (encoding.len == 0)
		encoding = get_bytes(post, "_encoding");
	if (bytes_equal_nocase(encoding, BYTES("base64")) && !decode_base64(e))
		return false;
	if (size > 0 && (int64_t)e->text.len != size && is_ascii(e->text)) {
		e->content = HAR_CONTENT_MISSING;
		e->length = size;
	}
	return true;
}

static const char *read_content(struct har_entry *e, const json_t *request)
{
	const json_t *post = json_object_get(request, "postData");
	const json_t *body_size = json_object_get(request, "bodySize");
	struct bytes declared = get_header(request, "content-length");
	int64_t size = json_is_integer(body_size) ? json_integer_value(body_size) : -1, length;

	if (size > HAR_CONTENT_MAX)
		return "request.bodySize is absurd";
	if (size < 0 && bytes_to_int64(declared, &length) && length <= HAR_CONTENT_MAX)
		size = length;
	e->length = size;
	if (get_bytes(post, "text").len > 0)
		return take_text(e, post, size) ? NULL : "request.postData.text is no base64";
	if (size == 0 || (size < 0 && (method_is_safe(e->method) || bytes_equal(e->method, BYTES("DELETE"))))) {
		e->content = HAR_CONTENT_NONE;
		return NULL;
	}
	e->content = take_parameters(e, post, size) ? HAR_CONTENT_HELD : HAR_CONTENT_MISSING;
	return NULL;
}

static bool has_credentials(const json_t *request)
{
	return get_header(request, "cookie").len > 0 || get_header(request, "authorization").len > 0;
}

/* What no server was asked for. */
static bool is_skipped(struct har *h, const json_t *entry, const json_t *request)
{
	struct bytes url = get_bytes(request, "url");
	const json_t *response = json_object_get(entry, "response");

	if (!bytes_starts_nocase(url, BYTES("http://")) && !bytes_starts_nocase(url, BYTES("https://")))
		h->skipped.other_scheme++;
	else if (get_header(response, "non-authoritative-reason").len > 0)
		h->skipped.internal++;
	else if (get_bytes(entry, "_fromCache").len > 0)
		h->skipped.from_cache++;
	else
		return false;
	return true;
}

/* NULL, or what is wrong with it. */
static const char *read_messages(struct har_entry *e, const json_t *request, const json_t *response)
{
	static const char *const without[] = {"host", "content-length", "transfer-encoding", "connection", NULL};
	static const char *const answer_without[] = {"transfer-encoding", "connection", NULL};
	json_int_t status = json_integer_value(json_object_get(response, "status"));
	struct bytes target = get_bytes(response, "redirectURL");
	const char *why = read_content(e, request);

	if (why)
		return why;
	if (status != 0 && (status < 100 || status > 999))
		return "response.status is no status";
	e->status = (int)status;
	e->request = fields_of(request, without);
	e->response = fields_of(response, answer_without);
	if (!e->request || !e->response)
		return "its fields are absurdly large";
	/* Some producers tell the target and no fields. */
	if (status / 100 == 3 && target.len > 0 && get_header(response, "location").ptr == NULL) {
		struct text_buf t = {0};

		text_buf_add_str(&t, e->response);
		add_field(&t, BYTES("Location"), target);
		text_buf_add_char(&t, 0);
		free(e->response);
		e->response = t.ptr;
	}
	return NULL;
}

/* A connection is called by a name or, by some, a number. */
static struct bytes connection_of(const json_t *entry)
{
	struct bytes name = get_bytes(entry, "connection");

	return name.len > 0 && !bytes_equal(name, BYTES("0")) ? name : bytes_of(NULL, 0);
}

static bool read_entry(struct har *h, size_t number, const json_t *entry, char *error, size_t error_size)
{
	const json_t *request = json_object_get(entry, "request");
	struct har_entry *e = &h->entries[h->count];
	const char *why;

	if (!json_is_object(entry))
		return fail(error, error_size, number, "it is no object");
	if (get_bytes(request, "url").len == 0)
		return fail(error, error_size, number, "it has no request.url");
	h->has_credentials |= has_credentials(request);
	if (is_skipped(h, entry, request))
		return true;
	h->count++;
	*e = (struct har_entry){
	    .number = number, .method = get_bytes(request, "method"), .url = get_bytes(request, "url")};
	e->url = bytes_slice(e->url, 0, bytes_find(e->url, '#'));
	e->connection = connection_of(entry);
	if (!bytes_is_token(e->method))
		return fail(error, error_size, number, "request.method is no method");
	if (!read_times(e, entry))
		return fail(error, error_size, number, "startedDateTime is no time");
	why = read_messages(e, request, json_object_get(entry, "response"));
	return !why || fail(error, error_size, number, why);
}

/* In the order of time; as they stand in the file where that is the same. */
static int earlier(const void *a, const void *b)
{
	const struct har_entry *x = a, *y = b;

	if (x->start_us != y->start_us)
		return x->start_us < y->start_us ? -1 : 1;
	return x->number < y->number ? -1 : x->number > y->number;
}

static bool read_entries(struct har *h, char *error, size_t error_size)
{
	const json_t *log = json_object_get(h->document, "log");
	const json_t *entries = json_object_get(log, "entries");
	const json_t *creator = json_object_get(log, "creator");

	if (!json_is_array(entries)) {
		snprintf(error, error_size, "no HAR: there is no log.entries in it");
		return false;
	}
	h->creator = get_bytes(creator, "name");
	h->creator_version = get_bytes(creator, "version");
	h->total = json_array_size(entries);
	h->entries = calloc(h->total + 1, sizeof(*h->entries));
	if (!h->entries) {
		snprintf(error, error_size, "%s", strerror(ENOMEM));
		return false;
	}
	for (size_t i = 0; i < h->total; i++) {
		if (!read_entry(h, i + 1, json_array_get(entries, i), error, error_size))
			return false;
	}
	qsort(h->entries, h->count, sizeof(*h->entries), earlier);
	return true;
}

/* The document; some producers put a mark in front of UTF-8. */
static bool read_document(struct har *h, FILE *f, char *error, size_t error_size)
{
	json_error_t why;
	struct stat st;

	if (fstat(fileno(f), &st) == 0 && st.st_size > HAR_BYTES_MAX) {
		snprintf(error, error_size, "larger than %lld bytes", (long long)HAR_BYTES_MAX);
		return false;
	}
	if (getc(f) != 0xef || getc(f) != 0xbb || getc(f) != 0xbf)
		rewind(f);
	h->document = json_loadf(f, JSON_ALLOW_NUL, &why);
	if (!h->document)
		snprintf(error, error_size, "no HAR: no JSON, line %d: %s", why.line, why.text);
	return h->document != NULL;
}

bool har_read(struct har *h, const char *path, char *error, size_t error_size)
{
	FILE *f = fopen(path, "re");
	char why[400] = "";
	bool ok;

	*h = (struct har){0};
	if (!f) {
		snprintf(error, error_size, "%s: %s", path, strerror(errno));
		return false;
	}
	ok = read_document(h, f, why, sizeof(why)) && read_entries(h, why, sizeof(why));
	fclose(f);
	if (!ok)
		snprintf(error, error_size, "%s: %s", path, why);
	return ok;
}

void har_free(struct har *h)
{
	for (size_t i = 0; i < h->count; i++) {
		free(h->entries[i].request);
		free(h->entries[i].response);
		free(h->entries[i].decoded);
	}
	free(h->entries);
	json_decref(h->document);
	*h = (struct har){0};
}
