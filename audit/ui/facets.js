// SPDX-License-Identifier: MIT
//
// The facets: what occurs among the chains that match, how often, and a way to see only these, or all but these.

import { button, el, fill } from "./dom.js";
import { hasTerm, termOf } from "./filter_words.js";
import { mark, outcomeName } from "./names.js";
import { brief, plain } from "./text.js";
import { count } from "./units.js";

const GROUPS = [
	{ key: "verdict", title: "Verdict", order: ["error", "warning", "info", "ok"] },
	{ key: "rule", title: "Rule" },
	{ key: "status", title: "Status", order: "number" },
	{ key: "outcome", title: "Outcome", name: outcomeName },
	{ key: "host", title: "Host" },
	{ key: "client", title: "Client" },
	{ key: "tag", title: "Tag" },
];
const FEW = 8;

function sorted(entries, order) {
	if (order === "number")
		return [...entries].sort((a, b) => Number(a.value) - Number(b.value));
	if (order)
		return [...entries].sort((a, b) => order.indexOf(String(a.value)) - order.indexOf(String(b.value)));
	return entries;
}

export class Facets {
	#box;
	#toggle;
	#all = new Set(); // keys of the groups that show more than a few
	#terms = new Map(); // button -> its term, so that the focus finds its way back
	#facets = {};
	#filter = "";

	// toggle(term) changes the filter.
	constructor(box, { toggle }) {
		this.#box = box;
		this.#toggle = toggle;
	}

	// Values of a facet as they were last told, for the filter box.
	known(key) {
		return this.#facets[key];
	}

	show(facets, filter) {
		this.#facets = facets;
		this.#filter = filter;
		const focused = this.#terms.get(document.activeElement);
		const scrolled = this.#box.scrollTop;
		this.#terms.clear();
		fill(this.#box, GROUPS.map((group) => this.#group(group)));
		this.#box.scrollTop = scrolled;
		if (focused !== undefined)
			[...this.#terms].find(([, term]) => term === focused)?.[0].focus();
	}

	#group(group) {
		const entries = sorted((this.#facets[group.key] ?? []).filter(({ value: v }) => v !== "" && v !== null), group.order);
		if (entries.length === 0)
			return null;
		const open = this.#all.has(group.key);
		const shownOnes = open ? entries : entries.slice(0, FEW);
		const more = entries.length > FEW
			? button(open ? "fewer" : `${entries.length - FEW} more`, () => {
				this.#all[open ? "delete" : "add"](group.key);
				this.show(this.#facets, this.#filter);
			}, { class: "quiet more", "aria-expanded": String(open) })
			: null;
		if (more)
			this.#terms.set(more, `more ${group.key}`);
		return el("div", { class: "facet", role: "group", "aria-labelledby": `facet-${group.key}` },
			el("h2", { id: `facet-${group.key}` }, group.title),
			el("ul", {}, shownOnes.map((entry) => this.#entry(group, entry))), more);
	}

	#entry(group, { value: v, count: n }) {
		const term = termOf(group.key, v);
		const not = termOf(group.key, v, { not: true });
		const chosen = hasTerm(this.#filter, term);
		const name = group.name ? group.name(v) : plain(v, 80);
		const only = button([
			group.key === "verdict" ? mark(v, { spoken: false }) : null,
			group.name ? el("span", { class: "name" }, name) : brief(v, 80, "name"),
			el("span", { class: "number" }, count(n)),
		], () => this.#toggle(term), { class: "only", "aria-pressed": String(chosen), title: chosen ? `without ${plain(term)}` : plain(term) });
		this.#terms.set(only, term);
		const without = button("≠", () => this.#toggle(not), { class: "without quiet", title: plain(not), "aria-label": `not ${name}` });
		this.#terms.set(without, not);
		return el("li", {}, only, chosen ? null : without);
	}
}
