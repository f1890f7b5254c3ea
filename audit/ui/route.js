// SPDX-License-Identifier: MIT
//
// What is looked at, as the page's URL: /?filter=status%3D307&order=worst&chain=17. The one place where that is kept.

const ORDERS = ["newest", "oldest", "worst", "slowest", "longest"];

export function readRoute(search) {
	const query = new URLSearchParams(search);
	const order = query.get("order");
	return {
		filter: query.get("filter") ?? "",
		order: ORDERS.includes(order) ? order : "newest",
		chain: query.get("chain") || null,
	};
}

export function writeRoute({ filter, order, chain }) {
	const query = new URLSearchParams();
	if (filter)
		query.set("filter", filter);
	if (order !== "newest")
		query.set("order", order);
	if (chain)
		query.set("chain", chain);
	return query.size ? `/?${query}` : "/";
}

export class Route extends EventTarget {
	constructor() {
		super();
		this.now = readRoute(location.search);
		history.replaceState(null, "", writeRoute(this.now)); // also rids the URL of what does not belong there
		addEventListener("popstate", () => this.#take(readRoute(location.search)));
	}

	// `replace`: the back button shall not lead to what is left here.
	go(changes, { replace = false } = {}) {
		const next = { ...this.now, ...changes };
		const url = writeRoute(next);
		if (url === writeRoute(this.now))
			return;
		history[replace ? "replaceState" : "pushState"](null, "", url);
		this.#take(next);
	}

	#take(next) {
		const before = this.now;
		this.now = next;
		this.dispatchEvent(new CustomEvent("change", { detail: { now: next, before } }));
	}
}
