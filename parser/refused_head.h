/* SPDX-License-Identifier: MIT
 *
 * What can still be told of a response head that was refused. It is not parsed: nothing of it may be passed on, or
 * taken for more than the reason why it was refused. */
#ifndef PARSER_REFUSED_HEAD_H
#define PARSER_REFUSED_HEAD_H

#include "parser/http_head.h"

/* Is it a redirect whose Location holds a control byte (a line break, a NUL; not TAB)? `raw` begins at the status line
 * and may end anywhere. Fills `*head` with the status and this one field, which is `*field`; both borrow `raw`. A LF
 * alone behind the value is such a byte where the status line ends in CRLF, as somebody's own line break does. */
bool refused_redirect(struct bytes raw, struct http_field *field, struct http_head *head) NODISCARD;

#endif
