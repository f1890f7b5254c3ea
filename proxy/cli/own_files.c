/* SPDX-License-Identifier: MIT
 *
 * The user's own files, by the XDG Base Directory Specification. */
#include "proxy/cli/own_files.h"

#include <stdio.h>

#include "proxy/cli/options.h"

/* An authority in memory outlives no run; long enough for any, short enough to be worthless to a thief. */
static const unsigned ephemeral_days = 7;

bool own_path(char *const *environment, const char *name, char out[OWN_PATH_MAX])
{
	const char *base = environment_get(environment, "XDG_CONFIG_HOME");
	const char *home = environment_get(environment, "HOME");
	int len = 0;

	if (base && *base == '/') /* a relative one is to be ignored */
		len = snprintf(out, OWN_PATH_MAX, "%s/hopaudit/%s", base, name);
	else if (home && *home)
		len = snprintf(out, OWN_PATH_MAX, "%s/.config/hopaudit/%s", home, name);
	return len > 0 && len < OWN_PATH_MAX;
}

struct authority *own_authority(const struct config *config, char *const *environment, char *error, size_t error_size)
{
	char cert[OWN_PATH_MAX], key[OWN_PATH_MAX];
	size_t leaves_max = config->limits.leaves_max;

	if (config->ca_cert)
		return authority_load(config->ca_cert, config->ca_key, leaves_max, error, error_size);
	if (config->ca_ephemeral)
		return authority_new(ephemeral_days, leaves_max, error, error_size);
	if (own_path(environment, "ca.pem", cert) && own_path(environment, "ca.key", key))
		return authority_load(cert, key, leaves_max, error, error_size);
	snprintf(error, error_size,
		 "no place for the certificate authority: HOME is not set; name files with --ca-cert and --ca-key, or "
		 "give --no-intercept");
	return NULL;
}
