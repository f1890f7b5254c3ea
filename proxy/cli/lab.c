/* SPDX-License-Identifier: MIT
 *
 * `hopaudit lab`: serve, or a driver to put through the lab. */
#include <string.h>

#include "proxy/cli/lab_guided.h"
#include "proxy/cli/lab_serve.h"

int command_lab(const struct cli *cli, const struct command *c, int count, char **arguments)
{
	struct options o;
	int status;

	if (command_options(cli, c, count, arguments, &o, &status)) {
		if (o.operand_count == 1 && strcmp(o.operands[0], "serve") == 0)
			status = lab_serve(cli, &o);
		else if (o.operand_count == 0)
			status = command_usage_error(
			    cli, c, "serve, or a driver? hopaudit lab serve, hopaudit lab -- DRIVER {method} {url}");
		else
			status = lab_guided(cli, c, &o);
	}
	options_free(&o);
	return status;
}
