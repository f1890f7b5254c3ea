/* SPDX-License-Identifier: MIT
 *
 * The reports that `run` and `audit` write (--junit and its kin), and what a job of GitHub Actions is told. */
#ifndef PROXY_CLI_REPORTS_H
#define PROXY_CLI_REPORTS_H

#include "audit/report/report_output.h"
#include "proxy/cli/closing.h"

/* Before the run: can the files be written? False with a one-line reason. */
bool reports_check(const struct config *config, char *error, size_t error_size) NODISCARD;

/* After it, while the log is still there. False when a report could not be written, which was said on cli->err. */
bool reports_write(const struct cli *cli, const struct closing *c) NODISCARD;

/* Those that `config` asks for, of one run. False as above. */
bool reports_write_of(const struct cli *cli, const struct config *config, struct report_source *source,
		      enum severity fail_on) NODISCARD;

/* Is this a job of GitHub Actions? */
bool reports_in_github(const struct cli *cli);

/* Annotations on cli->err and the job's summary, of sources that are read as groups. False as above. */
bool reports_tell_github(const struct cli *cli, const struct report_source *sources, size_t count) NODISCARD;

#endif
