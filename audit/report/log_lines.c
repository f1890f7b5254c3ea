/* SPDX-License-Identifier: MIT */
#include "audit/report/log_lines.h"

#include <stdlib.h>

#define SLOTS (sizeof(((struct log_lines *)0)->lines) / sizeof(struct log_line))

const struct log_line *log_lines_peek(struct log_lines *l, unsigned skip)
{
	while (l->count <= skip) {
		struct log_line *line = &l->lines[(l->first + l->count) % SLOTS];
		ssize_t len = getline(&line->text, &line->max, l->file);

		if (len <= 0)
			return NULL;
		line->torn = line->text[len - 1] != '\n';
		line->len = (size_t)len - !line->torn;
		l->count++;
	}
	return &l->lines[(l->first + skip) % SLOTS];
}

const struct log_line *log_lines_take(struct log_lines *l)
{
	const struct log_line *line = log_lines_peek(l, 0);

	if (!line)
		return NULL;
	l->first = (l->first + 1) % SLOTS;
	l->count--;
	return line;
}

void log_lines_free(struct log_lines *l)
{
	for (unsigned i = 0; i < SLOTS; i++)
		free(l->lines[i].text);
}
