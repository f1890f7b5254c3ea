// SPDX-License-Identifier: MIT
//
// How a stranger's text is shown: what can't be seen, or moves the text around it, as a visible escape; what is very long
// shortened, with a way to see all of it. The escapes are those of the log and the reports: \x1b, \u{202e}.

import { button, el } from "./dom.js";
import { clock } from "./units.js";

// Controls, separators of lines and paragraphs, what has no width (direction marks, joiners, variation selectors, tags),
// lone surrogates, private and unassigned characters, and spaces that are none of ASCII. Marks that pile up follow below.
const UNSEEN = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}\p{Co}\p{Cn}\p{Default_Ignorable_Code_Point}]|(?! )\p{Zs}/u;
const MARKS = /\p{M}/u;
const MARKS_MAX = 3; // on one letter, as some scripts need

const VALUE_MAX = 400;

function escapeOf(character) {
	const code = character.codePointAt(0);
	if (code < 0x80)
		return `\\x${code.toString(16).padStart(2, "0")}`;
	return `\\u{${code.toString(16)}}`;
}

// [{text, escaped}] in order, neighbours of one kind joined.
export function pieces(text) {
	const out = [];
	let marks = 0;
	for (const character of text) {
		marks = MARKS.test(character) ? marks + 1 : 0;
		const escaped = UNSEEN.test(character) || marks > MARKS_MAX;
		const shown = escaped ? escapeOf(character) : character;
		const last = out.at(-1);
		if (last && last.escaped === escaped)
			last.text += shown;
		else
			out.push({ text: shown, escaped });
	}
	return out;
}

// For where only plain text can stand: titles, labels, the page's title.
export function plain(text, max = VALUE_MAX) {
	const all = String(text ?? "");
	const cut = all.length > max ? `${wholeCut(all, 0, max)}…` : all;
	return pieces(cut).map((piece) => piece.text).join("");
}

export function shown(text) {
	return pieces(String(text ?? "")).map((piece) =>
		piece.escaped ? el("span", { class: "escape" }, piece.text) : piece.text);
}

// Never in the middle of a surrogate pair.
function wholeCut(text, from, to) {
	const splits = (at) => at > 0 && at < text.length && text.charCodeAt(at) >= 0xdc00 && text.charCodeAt(at) <= 0xdfff;
	return text.slice(splits(from) ? from + 1 : from, splits(to) ? to - 1 : to);
}

// Cut at `max` characters, for where nothing can be opened.
export function brief(text, max, className) {
	const all = String(text ?? "");
	return el("span", { class: className }, shown(all.length > max ? `${wholeCut(all, 0, max)}…` : all));
}

// Shown whole up to `max` characters; else the beginning, what is left out, and the end.
export function value(text, { max = VALUE_MAX, name = "code", className = "value" } = {}) {
	const all = String(text ?? "");
	const node = el(name, { class: className });
	if (all.length <= max) {
		node.append(...shown(all));
		return node;
	}
	const head = Math.floor(max * 0.7);
	const tail = max - head;
	const rest = all.length - head - tail;
	const more = button(`… ${rest.toLocaleString("en")} more characters …`, () => {
		const scrolled = el("span", { class: "whole", tabindex: "0", role: "group", "aria-label": "the whole value" });
		scrolled.append(...shown(all));
		node.replaceChildren(scrolled);
		scrolled.focus();
	}, { class: "more" });
	node.append(...shown(wholeCut(all, 0, head)), more, ...shown(wholeCut(all, all.length - tail, all.length)));
	return node;
}

// A time of the log, by this machine's clock; exactly as logged when pointed at.
export function moment(rfc3339, options) {
	const valid = !Number.isNaN(Date.parse(rfc3339));
	return el("time", { datetime: valid ? rfc3339 : null, title: plain(rfc3339, 60) }, plain(clock(rfc3339, options), 60));
}

// A URL in its parts: the scheme steps back, the host and the path are what one reads. Never a link.
export function splitUrl(url) {
	const parts = /^([a-z][a-z0-9+.-]*:\/\/)([^/?#]*)([^]*)$/i.exec(String(url ?? ""));
	return parts ? { scheme: parts[1], authority: parts[2], rest: parts[3] } : { scheme: "", authority: "", rest: String(url ?? "") };
}

export function url(text, { max = VALUE_MAX, base = null } = {}) {
	const { scheme, authority, rest } = splitUrl(text);
	const node = el("span", { class: "url" });
	const near = base && splitUrl(base);
	if (scheme && !(near && near.scheme.toLowerCase() === scheme.toLowerCase() && near.authority === authority)) {
		const plainly = scheme.toLowerCase() === "http://" ? "scheme clear" : "scheme";
		node.append(el("span", { class: plainly }, shown(scheme)), value(authority, { max: 120, name: "span", className: "authority" }));
	}
	node.append(value(rest || (scheme ? "/" : ""), { max, name: "span", className: "path" }));
	return node;
}
