/* SPDX-License-Identifier: MIT
 *
 * Private to `hopaudit audit`: the two kinds of files that it judges, and what is written of either. */
#ifndef PROXY_CLI_AUDIT_H
#define PROXY_CLI_AUDIT_H

#include "audit/report/report_output.h"
#include "proxy/cli/command.h"

#define AUDIT_ERROR_MAX 512

/* audit_log.c: judges the last run of an audit log again. The exit status. */
int audit_log(const struct cli *cli, const struct options *o, const char *path);

/* audit_har.c: judges an HTTP archive. */
int audit_har(const struct cli *cli, const struct options *o, const char *path);

/* Reads the source, writes its summary on cli->out and every report that was asked for. The exit status. */
int audit_tell(const struct cli *cli, const struct options *o, struct report_source *source);

/* What keeps the judgement of a source that was read from being that of the run, or from being one: on cli->err. */
void audit_tell_doubts(const struct cli *cli, const struct options *o, const struct report_source *source);

/* "hopaudit: ..." on cli->err; STATUS_FAILED. */
int audit_failed(const struct cli *cli, const char *why);

#endif
