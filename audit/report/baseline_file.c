/* SPDX-License-Identifier: MIT
 *
 * The file of a baseline: JSON with an entry a line, so that a diff shows what changed. */
#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <unistd.h>

#include "audit/report/baseline.h"

#define FORMAT 1

static void put_entries(struct text_buf *t, const struct baseline *b, bool findings)
{
	const char *before = "\n";

	for (size_t i = 0; i < b->count; i++) {
		const struct baseline_entry *e = &b->entries[i];

		if (e->is_finding != findings)
			continue;
		text_buf_add_str(t, before);
		text_buf_add_str(t, e->key);
		if (findings) {
			TEXT_BUF_LITERAL(t, ",\"severity\":\"");
			text_buf_add_str(t, severity_text(e->severity));
			TEXT_BUF_LITERAL(t, "\"");
		}
		TEXT_BUF_LITERAL(t, "}");
		before = ",\n";
	}
}

static bool write_text(const char *path, const struct text_buf *t)
{
	FILE *file = fopen(path, "we");
	bool ok;

	if (!file)
		return false;
	ok = fwrite(t->ptr, 1, t->len, file) == t->len;
	return fclose(file) == 0 && ok;
}

bool baseline_save(const struct baseline *b, const char *path, char *error, size_t error_size)
{
	struct text_buf t = {0};
	char *beside = NULL;
	bool ok;

	TEXT_BUF_LITERAL(&t, "{\"hopaudit_baseline\":1,\n\"findings\":[");
	put_entries(&t, b, true);
	TEXT_BUF_LITERAL(&t, "],\n\"chains\":[");
	put_entries(&t, b, false);
	TEXT_BUF_LITERAL(&t, "]}\n");
	errno = ENOMEM;
	if (asprintf(&beside, "%s.new", path) < 0)
		beside = NULL;
	ok = !t.failed && beside && write_text(beside, &t) && rename(beside, path) == 0;
	if (!ok) {
		snprintf(error, error_size, "%s: %s", path, strerror(errno));
		if (beside)
			unlink(beside);
	}
	free(beside);
	text_buf_free(&t);
	return ok;
}

static struct bytes get_bytes(const json_t *object, const char *name)
{
	const json_t *value = json_object_get(object, name);

	return bytes_of(json_string_value(value), json_string_length(value));
}

static int get_status(const json_t *object)
{
	json_int_t value = json_integer_value(json_object_get(object, "status"));

	return value > 0 && value <= 999 ? (int)value : 0;
}

static enum severity get_severity(const json_t *object)
{
	struct bytes value = get_bytes(object, "severity");

	for (enum severity s = SEVERITY_INFO; s <= SEVERITY_ERROR; s++) {
		if (bytes_equal(value, bytes_str(severity_text(s))))
			return s;
	}
	return SEVERITY_NONE;
}

static bool load_finding(struct baseline *b, const json_t *object)
{
	const struct baseline_finding f = {.rule = get_bytes(object, "rule"),
					   .fault = get_bytes(object, "fault"),
					   .method = get_bytes(object, "method"),
					   .url = get_bytes(object, "url"),
					   .status = get_status(object),
					   .severity = get_severity(object)};

	if (f.rule.len > 0)
		baseline_add_finding(b, &f);
	return f.rule.len > 0;
}

static bool load_chain(struct baseline *b, const json_t *object)
{
	const struct baseline_chain c = {
	    .chain = get_bytes(object, "chain"), .outcome = get_bytes(object, "outcome"), .status = get_status(object)};

	if (c.chain.len > 0)
		baseline_add_chain(b, &c);
	return c.chain.len > 0;
}

static bool load_all(struct baseline *b, const json_t *array, bool (*load)(struct baseline *b, const json_t *object))
{
	const json_t *object;
	size_t i;

	if (!json_is_array(array))
		return false;
	json_array_foreach(array, i, object)
	{
		if (!load(b, object))
			return false;
	}
	return true;
}

static bool load_root(struct baseline *b, const json_t *root, char *error, size_t error_size)
{
	json_int_t format = json_integer_value(json_object_get(root, "hopaudit_baseline"));

	if (format > FORMAT)
		snprintf(error, error_size, "it was written by a newer hopaudit (format %lld)", (long long)format);
	else if (format < FORMAT)
		snprintf(error, error_size, "it is no baseline: hopaudit_baseline is missing");
	else if (!load_all(b, json_object_get(root, "findings"), load_finding))
		snprintf(error, error_size, "\"findings\" is no list of findings, each with its rule");
	else if (!load_all(b, json_object_get(root, "chains"), load_chain))
		snprintf(error, error_size, "\"chains\" is no list of chains");
	else if (b->failed || b->too_many)
		snprintf(error, error_size, "%s", b->failed ? strerror(ENOMEM) : "there are too many entries");
	else
		return true;
	return false;
}

bool baseline_load(struct baseline *b, const char *path, char *error, size_t error_size)
{
	FILE *file = fopen(path, "re");
	json_error_t why;
	json_t *root;
	char reason[256];
	bool ok;

	if (!file) {
		snprintf(error, error_size, "%s: %s", path, strerror(errno));
		return false;
	}
	root = json_loadf(file, JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, &why);
	fclose(file);
	if (!root) {
		snprintf(error, error_size, "%s:%d: %s", path, why.line, why.text);
		return false;
	}
	ok = load_root(b, root, reason, sizeof(reason));
	if (!ok)
		snprintf(error, error_size, "%s: %s", path, reason);
	baseline_sort(b);
	json_decref(root);
	return ok;
}
