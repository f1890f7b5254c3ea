/* SPDX-License-Identifier: MIT
 *
 * Captures and their queue (capture.h). Runs in workers, but for the last three functions, which the recorder calls. */
#include "audit/record/capture.h"

#include <stdio.h>
#include <stdlib.h>

bool captures_init(struct captures *c, size_t bytes_max)
{
	*c = (struct captures){.bytes_max = bytes_max ? bytes_max : CAPTURE_QUEUE_BYTES_DEFAULT,
			       .content_max = CAPTURE_CONTENT_DEFAULT};
	return pthread_mutex_init(&c->lock, NULL) == 0;
}

void captures_free(struct captures *c)
{
	struct capture_item *item = c->first;

	while (item) {
		struct capture *ended = item->ended ? item->capture : NULL;

		item = capture_item_free(c, item);
		if (ended)
			capture_free(ended);
	}
	pthread_mutex_destroy(&c->lock);
}

bool captures_have_room(struct captures *c)
{
	return atomic_load_explicit(&c->used, memory_order_relaxed) < c->bytes_max / 4 * 3;
}

void capture_tick(struct captures *c, int64_t now_us)
{
	atomic_store_explicit(&c->ticked_us, now_us, memory_order_relaxed);
	if (atomic_load_explicit(&c->waits, memory_order_relaxed))
		c->wake(c->wake_arg);
}

static void put(struct captures *c, struct capture_item *item)
{
	bool was_empty;

	item->next = NULL;
	pthread_mutex_lock(&c->lock);
	was_empty = !c->first;
	*(was_empty ? &c->first : &c->last->next) = item;
	c->last = item;
	pthread_mutex_unlock(&c->lock);
	if (was_empty)
		c->wake(c->wake_arg);
}

/* Takes `cost` of the bound; false when there is not so much left. */
static bool charge(struct captures *c, size_t cost)
{
	if (atomic_fetch_add_explicit(&c->used, cost, memory_order_relaxed) + cost <= c->bytes_max)
		return true;
	atomic_fetch_sub_explicit(&c->used, cost, memory_order_relaxed);
	return false;
}

/* The URL lies in the head (absolute-form) or beside it, so that it gets a place of its own. */
static struct bytes url_text(const struct uri *u)
{
	const char *end = u->path.ptr + u->path.len;

	if (u->query.ptr)
		end = u->query.ptr + u->query.len;
	if (u->fragment.ptr)
		end = u->fragment.ptr + u->fragment.len;
	return bytes_of(u->scheme.ptr, (size_t)(end - u->scheme.ptr));
}

static struct bytes copy_to(char *to, struct bytes b)
{
	if (b.len > 0)
		memcpy(to, b.ptr, b.len);
	return bytes_of(to, b.len);
}

static bool copy_request(struct capture *c, const struct audit_request *told)
{
	size_t head = http_head_copy_size(told->head);
	struct bytes url = url_text(told->url), tag = told->client->tag;

	c->block = malloc(head + url.len + tag.len);
	c->end = calloc(1, sizeof(*c->end));
	if (!c->block || !c->end)
		return false;
	http_head_copy(&c->request, c->block, told->head);
	c->url = copy_to(c->block + head, url);
	c->tag = copy_to(c->block + head + url.len, tag);
	*c->end = (struct capture_item){.capture = c, .ended = true};
	return true;
}

struct capture *capture_begin(struct captures *all, const struct audit_request *told, uint64_t exchange, int64_t now_us)
{
	struct capture *c = calloc(1, sizeof(*c));

	if (c && copy_request(c, told)) {
		c->captures = all;
		c->exchange = exchange;
		c->connection = told->client->connection;
		c->path = told->path;
		c->marks[CAPTURE_BEGUN] = now_us;
		return c;
	}
	if (c)
		capture_free(c);
	atomic_fetch_add(&all->lost, 1);
	return NULL;
}

bool capture_wants_content(const struct capture *c)
{
	return c->captures->bodies && c->kept[CAPTURE_RESPONSE] < c->captures->content_max &&
	       !c->starved[CAPTURE_RESPONSE];
}

/* A piece of content pays for its capture too, if it is the first: what is queued must never be more than the bound. */
void capture_content(struct capture *c, enum capture_side side, struct bytes data)
{
	struct captures *all = c->captures;
	size_t room = (size_t)(all->content_max - c->kept[side]), cost;
	struct capture_item *item = NULL;

	c->seen[side] += data.len;
	data = bytes_slice(data, 0, room);
	if (!all->bodies || c->starved[side] || data.len == 0)
		return;
	cost = sizeof(*item) + data.len + (c->charged ? 0 : sizeof(*c));
	if (charge(all, cost)) {
		item = malloc(sizeof(*item) + data.len);
		if (!item)
			atomic_fetch_sub_explicit(&all->used, cost, memory_order_relaxed);
	}
	if (!item) {
		c->starved[side] = true;
		return;
	}
	*item = (struct capture_item){.capture = c, .side = side, .cost = cost, .length = data.len};
	memcpy(item->data, data.ptr, data.len);
	c->charged = true;
	c->kept[side] += data.len;
	put(all, item);
}

void capture_response(struct capture *c, const struct http_head *head, const char *address, int64_t now_us)
{
	capture_mark(c, CAPTURE_RESPONDED, now_us);
	snprintf(c->server, sizeof(c->server), "%s", address);
	free(c->response_block);
	c->response_block = malloc(http_head_copy_size(head));
	if (c->response_block)
		http_head_copy(&c->response, c->response_block, head);
}

void capture_failed(struct capture *c, int status, const char *error, const char *detail)
{
	c->own_status = status;
	c->error = error;
	free(c->detail);
	c->detail = strdup(detail ? detail : "");
}

static size_t size_of(const struct capture *c)
{
	return sizeof(*c) + sizeof(*c->end) + http_head_copy_size(&c->request) + c->url.len + c->tag.len +
	       (c->response_block ? http_head_copy_size(&c->response) : 0);
}

/* Where there is no room, and pieces of its content still point here, what is left of it goes the same way. */
void capture_end(struct capture *c, uint64_t response_bytes, bool delivered, int64_t now_us)
{
	struct captures *all = c->captures;
	size_t cost = size_of(c);

	capture_mark(c, CAPTURE_ENDED, now_us);
	c->seen[CAPTURE_RESPONSE] = c->response.status == 304 ? 0 : response_bytes; /* behind a 304 it is no content */
	c->delivered = delivered;
	if (charge(all, cost)) {
		c->end->cost = cost;
		put(all, c->end);
		return;
	}
	atomic_fetch_add(&all->lost, 1);
	if (!c->charged) {
		capture_free(c);
		return;
	}
	free(c->block);
	free(c->response_block);
	c->block = NULL;
	c->response_block = NULL;
	c->lost = true;
	put(all, c->end);
}

struct capture_item *captures_take(struct captures *c)
{
	struct capture_item *first;

	pthread_mutex_lock(&c->lock);
	first = c->first;
	c->first = NULL;
	c->last = NULL;
	pthread_mutex_unlock(&c->lock);
	return first;
}

struct capture_item *capture_item_free(struct captures *c, struct capture_item *item)
{
	struct capture_item *next = item->next;

	atomic_fetch_sub_explicit(&c->used, item->cost, memory_order_relaxed);
	if (item->ended)
		item->capture->end = NULL;
	free(item);
	return next;
}

void capture_free(struct capture *c)
{
	for (unsigned i = 0; i < CAPTURE_SIDES; i++)
		spilled_drop(&c->content[i]);
	free(c->block);
	free(c->response_block);
	free(c->detail);
	free(c->end);
	free(c);
}
