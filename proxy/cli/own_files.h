/* SPDX-License-Identifier: MIT
 *
 * Where hopaudit keeps what is this user's: the folder of the redaction key and the certificate authority, and the
 * authority that the options ask for. Called by the session and by the subcommands about certificates. */
#ifndef PROXY_CLI_OWN_FILES_H
#define PROXY_CLI_OWN_FILES_H

#include "proxy/config.h"
#include "proxy/tls/authority.h"

#define OWN_PATH_MAX 4096

/* "$XDG_CONFIG_HOME/hopaudit/NAME", or below $HOME/.config; false when neither variable says where that is. */
bool own_path(char *const *environment, const char *name, char out[OWN_PATH_MAX]) NODISCARD;

/* The authority of --ca-cert and --ca-key, a fresh one (ca_ephemeral), or the user's own, made at first use. The caller
 * owns it. NULL with a one-line reason. */
struct authority *own_authority(const struct config *config, char *const *environment, char *error,
				size_t error_size) NODISCARD;

#endif
