/* SPDX-License-Identifier: MIT */
#include "audit/ui/ui.h"

const struct ui_file *ui_find(struct bytes name)
{
	for (size_t i = 0; i < ui_file_count; i++) {
		if (bytes_equal(name, bytes_str(ui_files[i].name)))
			return &ui_files[i];
	}
	return NULL;
}
