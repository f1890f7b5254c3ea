/* SPDX-License-Identifier: MIT
 *
 * Text for a person's terminal: colours where they are wanted, widths, and strangers' bytes made harmless. */
#ifndef AUDIT_REPORT_TERMINAL_H
#define AUDIT_REPORT_TERMINAL_H

#include "audit/record/text_buf.h"

enum paint { PAINT_PLAIN, PAINT_BOLD, PAINT_DIM, PAINT_RED, PAINT_YELLOW, PAINT_GREEN };

/* What the text is for. A value. */
struct terminal {
	bool color;
	bool ascii; /* nothing beyond ASCII */
};

/* Appends a text of ours in a colour. */
void terminal_paint(const struct terminal *t, struct text_buf *out, enum paint paint, const char *text);
/* Turns a colour on until terminal_paint_off(). */
void terminal_paint_on(const struct terminal *t, struct text_buf *out, enum paint paint);
void terminal_paint_off(const struct terminal *t, struct text_buf *out);

/* Appends what a stranger wrote: what is not printable is written as \xNN or \u{NNNN}, so that it can neither move the
 * cursor nor begin a line. At most about `width_max` columns are shown, with the middle left out; 0: all. */
void terminal_untrusted(const struct terminal *t, struct text_buf *out, struct bytes text, size_t width_max);

/* Columns that UTF-8 text takes, colours not counted. Wide and combining characters count as one. */
size_t terminal_width(struct bytes text);

#endif
