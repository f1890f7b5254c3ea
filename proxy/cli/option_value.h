/* SPDX-License-Identifier: MIT
 *
 * The value of one option: text into struct config, and back for the help. Called by cli/options for every source alike
 * and by the help; knows nothing of where a value came from. */
#ifndef PROXY_CLI_OPTION_VALUE_H
#define PROXY_CLI_OPTION_VALUE_H

#include "parser/attrib.h"
#include "proxy/cli/option_table.h"
#include "proxy/config.h"

/* Sets the row's member of `c`; a list grows by the elements of `value`. False, with `c` as it was and with what was
 * given and what is allowed in `error` ("'64Q' is not allowed: give ..."), when the value can't be read. */
bool option_set(struct config *c, const struct option_row *row, const char *value, char *error,
		size_t error_size) NODISCARD;

/* Empties a list, so that a stronger source replaces it and does not add to it. Nothing for other kinds. */
void option_clear(struct config *c, const struct option_row *row);

/* Writes the row's value in `c` as an option would be given: "64K", "10s", "error", "no". Empty where there is none. */
void option_format(const struct config *c, const struct option_row *row, char *out, size_t size);

/* Writes what the row allows: "a size from 1K to 16M (bytes, or a number with K, M or G)". */
void option_allowed(const struct option_row *row, char *out, size_t size);

#endif
