/* SPDX-License-Identifier: MIT
 *
 * What tests ask of their own traffic, each by its tag: verdict, reset, waiting until all is over, expectations. Each
 * answer waits until the store holds what the audit had decided when it was asked. In the control thread. */
#ifndef PROXY_CONTROL_TAGS_H
#define PROXY_CONTROL_TAGS_H

#include <stdbool.h>

struct control;
struct tags;

/* NULL when memory is short. */
struct tags *tags_new(struct control *c);
/* Who still waits is gone by now: the server has ended. */
void tags_free(struct tags *t);

/* The store has new chains. */
void tags_changed(struct tags *t);

#endif
