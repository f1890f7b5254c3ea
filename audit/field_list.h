/* SPDX-License-Identifier: MIT
 *
 * The header fields of one message that some rule reads, kept when the message itself is gone: one block without
 * pointers, so that it is copied by copying its bytes. Names are in lower case; values stand as received (secrets
 * included: the recorder redacts them), so that rules compare values, and compare digests where they are asked again
 * from a log. Pure: knows names, no meaning. */
#ifndef AUDIT_FIELD_LIST_H
#define AUDIT_FIELD_LIST_H

#include "parser/http_head.h"

#define FIELD_VALUE_MAX 2048u       /* longer values are cut, and say so */
#define FIELD_LIST_MAX (32u * 1024) /* bytes of one list; fields beyond are left out, and the list says so */

/* Notes of one field, as bits. */
enum field_note {
	FIELD_NOTE_CUT = 1,        /* the value was longer */
	FIELD_NOTE_SHORT = 2,      /* of a cookie: its value has less than 8 bytes, too few for a secret */
	FIELD_NOTE_CREDENTIAL = 4, /* Authorization, a cookie, or a key-like name; field_list_add() sets it */
};

struct field_item {
	uint32_t at; /* of the value, from the list's start */
	uint16_t value_len;
	uint8_t known; /* its name, as field_list.c counts those it knows; 0: it stands behind the value, with a NUL */
	uint8_t notes; /* enum field_note */
};

/* Each pair of a Cookie field is an item of its own, "cookie" with the value "name=value". */
struct field_list {
	uint64_t names; /* field_name_bit() of all: most questions are about fields that are not there */
	uint32_t size;  /* of the block, in bytes */
	uint16_t count;
	bool incomplete; /* some did not fit */
	bool stripped;   /* cookies and credentials may have been taken out */
	struct field_item items[];
};

/* One of 64 bits, that few other names share. Of a literal, the compiler knows it. */
static inline uint64_t field_name_bit(struct bytes name)
{
	if (name.len == 0)
		return 1;
	unsigned first = (unsigned char)name.ptr[0];
	unsigned last = (unsigned char)name.ptr[name.len - 1];
	return (uint64_t)1 << (first * 4 + last * 25 + name.len * 10) % 64;
}

/* Those of `h` that rules read; NULL where there are none or memory is short. free() it. */
struct field_list *field_list_make(const struct http_head *h) NODISCARD;

/* One made of names and values, for logs that are read again and for tests: room for `count` fields with `bytes` of
 * names and values; filled by field_list_add(), which takes names in lower case. NULL when memory is short. */
struct field_list *field_list_new(unsigned count, size_t bytes) NODISCARD;
void field_list_add(struct field_list *l, struct bytes name, struct bytes value, uint8_t notes);

/* In lower case. */
struct bytes field_name(const struct field_list *l, const struct field_item *f);

static inline struct bytes field_value(const struct field_list *l, const struct field_item *f)
{
	return bytes_of((const char *)l + f->at, f->value_len);
}

/* What field_next() asks where the name may be there. */
const struct field_item *field_find(const struct field_list *l, struct bytes name, const struct field_item *after);

/* The first field of this name behind `after` (NULL: of all); NULL where there is none. `l` may be NULL. */
static inline const struct field_item *field_next(const struct field_list *l, const char *name,
						  const struct field_item *after)
{
	return l && l->names & field_name_bit(bytes_str(name)) ? field_find(l, bytes_str(name), after) : NULL;
}

/* The value of the first field of this name; the empty view with ptr NULL where there is none. */
static inline struct bytes field_get(const struct field_list *l, const char *name)
{
	const struct field_item *f = field_next(l, name, NULL);
	return f ? field_value(l, f) : bytes_of(NULL, 0);
}

/* The same for a name from the wire, in any case. */
struct bytes field_value_of(const struct field_list *l, struct bytes name);

/* The key that keeps an operation from being done twice, by any of the names that it has; NULL where there is none. */
const struct field_item *field_idempotency_key(const struct field_list *l);
bool head_has_idempotency_key(const struct http_head *h) NODISCARD;

static inline bool field_has(const struct field_list *l, const char *name)
{
	return field_next(l, name, NULL) != NULL;
}

/* Of an element of a list-valued field, "max-age=60", "q=0.5;x" or "no-store": the name in front, and what stands
 * behind its '=', without quotes. */
struct bytes element_name(struct bytes element);
struct bytes element_argument(struct bytes element);

/* The first element of a list-valued field (all its lines together) whose name is `wanted`, ignoring case and what
 * stands behind a '=' or ';' of the element; false where there is none. */
bool field_find_element(const struct field_list *l, const char *name, struct bytes wanted,
			struct bytes *element) NODISCARD;

/* Does it hold such an element? */
static inline bool field_list_has(const struct field_list *l, const char *name, struct bytes wanted)
{
	struct bytes element;
	return field_has(l, name) && field_find_element(l, name, wanted, &element);
}

/* The argument of a directive of a list-valued field, "max-age" of "public, max-age=60", without quotes; false where
 * there is none. A directive without argument gives the empty view. */
bool field_directive(const struct field_list *l, const char *name, const char *directive,
		     struct bytes *argument) NODISCARD;

#endif
