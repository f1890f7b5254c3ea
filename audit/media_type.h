/* SPDX-License-Identifier: MIT
 *
 * The parts of a Content-Type value (RFC 9110 §8.3.1): the media type, and its parameters by name. Views into the
 * value.
 */
#ifndef AUDIT_MEDIA_TYPE_H
#define AUDIT_MEDIA_TYPE_H

#include "parser/bytes.h"

/* "text/html" of "text/html; charset=utf-8", as it is written. */
struct bytes media_type(struct bytes value);

/* The value of a parameter without its quotes, its name in any case; empty where there is none. */
struct bytes media_parameter(struct bytes value, const char *name);

#endif
