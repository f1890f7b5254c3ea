/* SPDX-License-Identifier: MIT
 *
 * The program. All of it is in cli_main(), where tests reach it too. */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "proxy/cli/command.h"

int main(int argc, char **argv)
{
	const struct cli cli = {.out = stdout, .err = stderr, .environment = environ};
	int status = cli_main(&cli, argc, argv);

	if (fflush(stdout) != 0) {
		perror("hopaudit: stdout");
		return status == STATUS_OK ? STATUS_FAILED : status;
	}
	return status;
}
