/* SPDX-License-Identifier: MIT
 *
 * The reader of log_reader.h: from file to lines to events to the model. */
#include "audit/report/log_reader.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "audit/record/event_json.h"
#include "audit/record/log_tail.h"
#include "audit/report/event_read.h"
#include "audit/report/report_event.h"

/* One pass over a file. The last whole line is kept, for its digest is the run's head. */
struct log_pass {
	struct report *report;
	struct event_reader *reader; /* owned */
	FILE *file;
	unsigned format; /* of a log that can't be read; 0: none */
	char *line;      /* owned, by getline() */
	size_t line_max;
	struct bytes last; /* in `kept` */
	char *kept;        /* owned, by getline() */
	size_t kept_max;
	uint64_t seq; /* of the last line that has one; 0: none */
};

/* The kind of a line that says nothing to a report can be told from its first bytes, which saves parsing most of a
 * large log. Whatever is not written as we write it is parsed. */
static bool is_beside_the_point(struct bytes line)
{
	static const char *const types[] = {"\"type\":\"tls.intercepted\",", "\"type\":\"mark\","};
	struct bytes begin = bytes_slice(line, 0, 100);

	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		if (memmem(begin.ptr, begin.len, types[i], strlen(types[i])))
			return true;
	}
	return false;
}

/* {"seq":N,... ; 0 where the line does not begin so. */
static uint64_t seq_of(struct bytes line)
{
	static const char begin[] = "{\"seq\":";
	struct bytes number;
	int64_t seq;

	if (line.len < sizeof(begin) || memcmp(line.ptr, begin, sizeof(begin) - 1) != 0)
		return 0;
	number = bytes_slice(line, sizeof(begin) - 1, line.len);
	number = bytes_slice(number, 0, bytes_find(number, ','));
	return bytes_to_int64(number, &seq) && seq > 0 ? (uint64_t)seq : 0;
}

static void count_gap(struct log_pass *p, struct bytes line)
{
	uint64_t seq = seq_of(line);

	if (seq == 0)
		return;
	if (seq > p->seq + 1 && p->seq > 0)
		p->report->missing += seq - p->seq - 1;
	p->seq = seq;
}

/* A log of another format can't be read, only misread. */
static bool is_readable(struct log_pass *p)
{
	unsigned format = event_reader_format(p->reader);

	if (format == LOG_FORMAT || format == 0)
		return true;
	p->format = format;
	return false;
}

/* False at the first line of the next run, and where there is no use in reading on. */
static bool read_line(struct log_pass *p, struct bytes line)
{
	struct report *r = p->report;
	struct audit_event e;
	enum event_read result = is_beside_the_point(line) ? EVENT_READ_OTHER : event_read(p->reader, line, &e);
	bool is_event = result == EVENT_READ_OK || result == EVENT_READ_PARTLY;

	if (is_event && e.type == EVENT_RUN_STARTED && r->begun)
		return false;
	if ((result == EVENT_READ_CONTINUED || (is_event && e.type == EVENT_RUN_STARTED)) && !is_readable(p))
		return false;
	if (result == EVENT_READ_UNREADABLE) {
		r->unreadable++;
		return true;
	}
	if (result == EVENT_READ_CONTINUED) { /* what stands before it is in another file */
		r->begun = true;
		r->run = arena_copy(&r->arena, e.run_started.run);
	}
	if (is_event)
		report_event(r, &e);
	count_gap(p, line);
	return true;
}

static void keep(struct log_pass *p, size_t len)
{
	char *line = p->line;
	size_t max = p->line_max;

	p->line = p->kept;
	p->line_max = p->kept_max;
	p->kept = line;
	p->kept_max = max;
	p->last = bytes_of(line, len);
}

static void read_lines(struct log_pass *p)
{
	ssize_t len;

	while ((len = getline(&p->line, &p->line_max, p->file)) > 0) {
		if (p->line[len - 1] != '\n') {
			p->report->torn = true;
			return;
		}
		p->report->line++;
		if (!read_line(p, bytes_of(p->line, (size_t)len - 1)))
			return;
		keep(p, (size_t)len - 1);
	}
}

static void write_head(struct report *r, struct bytes last)
{
	static const char hex[] = "0123456789abcdef";
	uint8_t digest[LOG_DIGEST_BYTES];

	if (!last.ptr || !log_digest(last, digest))
		return;
	for (unsigned i = 0; i < sizeof(digest); i++) {
		r->head[2 * i] = hex[digest[i] >> 4];
		r->head[2 * i + 1] = hex[digest[i] & 15];
	}
}

/* Returns 0, or an errno. */
static int read_run(struct log_pass *p, int64_t offset)
{
	if (!p->reader)
		return ENOMEM;
	if (!p->file || fseeko(p->file, offset, SEEK_SET) != 0)
		return errno;
	read_lines(p);
	if (ferror(p->file))
		return errno ? errno : EIO;
	if (event_reader_failed(p->reader))
		return ENOMEM;
	write_head(p->report, p->last);
	return 0;
}

bool report_read(struct report *r, const char *path, int64_t offset, char *error, size_t error_size)
{
	struct log_pass p = {.report = r, .reader = event_reader_new(), .file = fopen(path, "re")};
	int failure = read_run(&p, offset);

	if (p.file)
		fclose(p.file);
	free(p.line);
	free(p.kept);
	event_reader_free(p.reader);
	report_close(r);
	if (failure == 0 && r->failed)
		failure = ENOMEM;
	if (failure)
		snprintf(error, error_size, "log %s: %s", path, strerror(failure));
	else if (p.format)
		snprintf(error, error_size,
			 "log %s: format %u, of another version of hopaudit; this one reads format %d", path, p.format,
			 LOG_FORMAT);
	return failure == 0 && p.format == 0;
}
