/* SPDX-License-Identifier: MIT
 *
 * Patterns in which `*` stands for any bytes, none included; everything else stands for itself. */
#ifndef PARSER_WILDCARD_H
#define PARSER_WILDCARD_H

#include "parser/bytes.h"

/* Does the pattern stand for the whole text? `nocase`: ASCII letters of either case are the same. */
bool wildcard_matches(struct bytes pattern, struct bytes text, bool nocase) NODISCARD;

#endif
