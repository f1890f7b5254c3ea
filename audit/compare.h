/* SPDX-License-Identifier: MIT
 *
 * Compares the content of a follow-up with that of the redirected request, as far as both can be known. Pure: called
 * by the tracker when something about either has ended. */
#ifndef AUDIT_COMPARE_H
#define AUDIT_COMPARE_H

#include "audit/digest.h"
#include "audit/rules/check.h"

struct trace;

/* How `follow` compares with `request` when the content must be the same. Either may still be incomplete. */
struct body_comparison body_compare(const struct digester *d, const struct trace *request, const struct trace *follow);

#endif
