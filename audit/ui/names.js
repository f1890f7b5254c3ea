// SPDX-License-Identifier: MIT
//
// What the log's words are called on the page, and the marks that stand for verdicts.

import { el } from "./dom.js";
import { plain } from "./text.js";

const MARKS = {
	error: ["✗", "error"],
	warning: ["!", "warning"],
	info: ["i", "note"],
	ok: ["✓", "all right"],
	pass: ["✓", "pass"],
	fail: ["✗", "fail"],
	unverifiable: ["?", "unverifiable"],
	accepted: ["–", "accepted"],
};

export const wordOf = (verdict) => Object.hasOwn(MARKS, verdict) ? MARKS[verdict][1] : plain(verdict, 40);
// For a class: never what a stranger could choose.
export const kindOf = (verdict) => Object.hasOwn(MARKS, verdict) ? verdict : "unknown";

// A mark by shape and colour; its word is for those who can't see it.
export function mark(verdict, { spoken = true } = {}) {
	const sign = Object.hasOwn(MARKS, verdict) ? MARKS[verdict][0] : "·";
	const word = wordOf(verdict);
	return el("span", { class: `sign ${kindOf(verdict)}`, title: word },
		el("span", { "aria-hidden": "true" }, sign), spoken ? el("span", { class: "unseen" }, word) : null);
}

const STATUS = {
	200: "OK", 201: "Created", 202: "Accepted", 204: "No Content", 206: "Partial Content",
	300: "Multiple Choices", 301: "Moved Permanently", 302: "Found", 303: "See Other", 304: "Not Modified",
	305: "Use Proxy", 307: "Temporary Redirect", 308: "Permanent Redirect",
	400: "Bad Request", 401: "Unauthorized", 403: "Forbidden", 404: "Not Found", 405: "Method Not Allowed",
	407: "Proxy Authentication Required", 409: "Conflict", 410: "Gone", 411: "Length Required",
	413: "Content Too Large", 415: "Unsupported Media Type", 422: "Unprocessable Content", 429: "Too Many Requests",
	500: "Internal Server Error", 501: "Not Implemented", 502: "Bad Gateway", 503: "Service Unavailable",
	504: "Gateway Timeout",
};
export const statusName = (status) => STATUS[status] ?? "";

const OUTCOMES = {
	completed: "completed", loop: "loop", not_followed: "not followed", left_visibility: "left visibility",
	aborted: "aborted", open: "still open", followed: "followed", retried: "asked again instead",
};
export const outcomeName = (outcome) => Object.hasOwn(OUTCOMES, outcome) ? OUTCOMES[outcome] : plain(outcome, 40);
export const outcomeKind = (outcome) => Object.hasOwn(OUTCOMES, outcome) ? outcome : "unknown";

// How the follow-up's target compares with the one that was due.
const LEVELS = {
	E0: "the target, byte by byte",
	E1: "the target in another normal form",
	E2: "the target as a correct client may spell it",
	E3: "another reading of Location",
};
export const levelName = (level) => Object.hasOwn(LEVELS, level) ? LEVELS[level] : "";

const FAULTS = {
	client: "client’s fault", server: "server’s fault", intermediary: "intermediary’s fault", proxy: "hopaudit’s fault",
};
export const faultName = (fault) => Object.hasOwn(FAULTS, fault) ? FAULTS[fault] : "";
