/* SPDX-License-Identifier: MIT
 *
 * The configuration file: lines of `key = value`, keys being the option names without dashes in front. Called by
 * options_read() only. */
#ifndef PROXY_CLI_OPTION_FILE_H
#define PROXY_CLI_OPTION_FILE_H

#include "proxy/cli/options.h"

/* Reads the file at `path` into `o` as SOURCE_FILE. A missing file is fine unless `required`. False with the reason,
 * which begins "path:line:column: " where there is a line, in o->error. Keys of every subcommand are read, so that
 * one file serves all. */
bool option_file_read(struct options *o, const char *path, bool required) NODISCARD;

#endif
