/* SPDX-License-Identifier: MIT
 *
 * Reads one run of an audit log into the model that reports are made of. Lines that it does not understand are counted,
 * never guessed at: a log may have been cut off, edited, or written by a newer hopaudit. */
#ifndef AUDIT_REPORT_LOG_READER_H
#define AUDIT_REPORT_LOG_READER_H

#include "audit/report/model.h"

/* Reads from byte `offset`, where a run begins, to the end of that run. `r` is fresh from report_init(). False, with a
 * one-line reason in `error`, when the file can't be read or memory is short. */
bool report_read(struct report *r, const char *path, int64_t offset, char *error, size_t error_size) NODISCARD;

#endif
