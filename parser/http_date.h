/* SPDX-License-Identifier: MIT
 *
 * HTTP dates (RFC 9110 §5.6.7) as seconds. Pure: no clock, no time zone but GMT. */
#ifndef PARSER_HTTP_DATE_H
#define PARSER_HTTP_DATE_H

#include "parser/bytes.h"

/* Seconds since 1970 of any of the three forms that a recipient must accept: "Sun, 06 Nov 1994 08:49:37 GMT", "Sunday,
 * 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994". A year of two digits is of 1970 to 2069. False for anything
 * else; the name of the day is not compared with the date. */
bool http_date(struct bytes value, int64_t *seconds) NODISCARD;

#endif
