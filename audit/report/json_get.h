/* SPDX-License-Identifier: MIT
 *
 * Members of parsed JSON. One that is missing or of another type reads as empty or 0: what a reader makes of a file
 * that may have been edited is its own business. */
#ifndef AUDIT_REPORT_JSON_GET_H
#define AUDIT_REPORT_JSON_GET_H

#include <jansson.h>

#include "parser/bytes.h"

static inline struct bytes json_view(const json_t *string)
{
	return bytes_of(json_string_value(string), json_string_length(string));
}

/* Lives as long as `object`. */
static inline struct bytes get_bytes(const json_t *object, const char *name)
{
	return json_view(json_object_get(object, name));
}

/* NULL where it is missing. */
static inline const char *get_text(const json_t *object, const char *name)
{
	return json_string_value(json_object_get(object, name));
}

static inline int64_t get_int(const json_t *object, const char *name)
{
	return json_integer_value(json_object_get(object, name));
}

static inline uint64_t get_count(const json_t *object, const char *name)
{
	int64_t value = get_int(object, name);

	return value > 0 ? (uint64_t)value : 0;
}

static inline int get_small(const json_t *object, const char *name)
{
	int64_t value = get_int(object, name);

	return value > 0 && value <= 1000000 ? (int)value : 0;
}

static inline bool get_bool(const json_t *object, const char *name)
{
	return json_is_true(json_object_get(object, name));
}

#endif
