/* SPDX-License-Identifier: MIT
 *
 * Tells the audit of an archive's exchanges as if a relay had had them, in the order of time. */
#ifndef AUDIT_REPORT_HAR_PLAY_H
#define AUDIT_REPORT_HAR_PLAY_H

#include "audit/report/har_read.h"
#include "audit/tracker.h"

/* The audit must be configured with `confidence_max`: nobody knows which program sent what. Waits, by `wait`, while the
 * sink has no room. False, with a one-line reason that names the entry, where one can't be a message of HTTP. */
bool har_play(struct har *h, struct audit *a, void (*wait)(void), char *error, size_t error_size) NODISCARD;

/* When the first began and the last ended; 0 where there is none. */
int64_t har_begin_us(const struct har *h);
int64_t har_end_us(const struct har *h);

#endif
