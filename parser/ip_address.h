/* SPDX-License-Identifier: MIT
 *
 * IP addresses as text, by code of our own so that the parser needs no socket header: strict forms for URIs (RFC 3986
 * §3.2.2), the loose ones of inet_aton() for recognising an address under any spelling, and RFC 5952 for writing. */
#ifndef PARSER_IP_ADDRESS_H
#define PARSER_IP_ADDRESS_H

#include "parser/bytes.h"

/* Four decimal numbers up to 255 without leading zeros. */
bool ipv4_read(struct bytes text, uint8_t addr[4]) NODISCARD;

/* One to four numbers, decimal, octal (0…) or hexadecimal (0x…), the last of which fills the bytes that are left; one
 * dot may follow. The address in host byte order. */
bool ipv4_read_loose(struct bytes text, uint32_t *addr) NODISCARD;

/* RFC 4291 §2.2, all three forms; no zone id. */
bool ipv6_read(struct bytes text, uint8_t addr[16]) NODISCARD;

enum { IPV6_TEXT_MAX = 45 };
/* The form of RFC 5952, ::ffff:0:0/96 with a dotted quad (§5); returns its length. */
size_t ipv6_write(const uint8_t addr[16], char out[IPV6_TEXT_MAX]) NODISCARD;

#endif
