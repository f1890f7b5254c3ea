/* SPDX-License-Identifier: MIT
 *
 * What counts as a secret: names of parameters and fields whose values are credentials, and values that look like
 * credentials whatever they are called. Pure tables and predicates, for redaction and for the rules. */
#ifndef AUDIT_SECRET_H
#define AUDIT_SECRET_H

#include "parser/bytes.h"

/* Is the value of a parameter of this name secret? Ignores case; looks at the parts of "user[password]" and "a.token"
 * too. `name` is percent-decoded. */
bool secret_parameter_name(struct bytes name) NODISCARD;

/* Is the whole value of a field of this name a key or a token (RULES.md D, api-key)? Authorization and cookies are not
 * meant: they have a form of their own. */
bool secret_field_name(struct bytes name) NODISCARD;

/* Does a value look like a JSON Web Token, a well-known key, or a long random token? */
bool secret_looking_value(struct bytes value) NODISCARD;

/* What follows an option of a command line ("--token", "-u")? */
enum option_word {
	OPTION_WORD_PLAIN,
	OPTION_WORD_PAIR,
	OPTION_WORD_SECRET
}; /* PAIR: secret if it is "name:password" */
enum option_word secret_option(struct bytes word) NODISCARD;

#endif
