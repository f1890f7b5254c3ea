// SPDX-License-Identifier: MIT
//
// One chain as a row of the list, for eyes and for ears.

import { el } from "./dom.js";
import { mark, outcomeName, wordOf } from "./names.js";
import { brief, plain, shown, splitUrl } from "./text.js";
import { clock, duration } from "./units.js";

const PART_MAX = 160; // of a URL; a row is one line

const cut = (text, className) => brief(text, PART_MAX, className);

function place(text, base) {
	const { scheme, authority, rest } = splitUrl(text);
	const near = base === null ? null : splitUrl(base);
	const same = near !== null && scheme.toLowerCase() === near.scheme.toLowerCase() && authority === near.authority;
	return el("span", { class: "url" },
		scheme && !same ? [cut(scheme, "scheme"), cut(authority, base === null ? "authority" : "authority other")] : null,
		cut(rest || "/", "path"));
}

function end(chain) {
	if (chain.outcome && chain.outcome !== "completed")
		return el("span", { class: `end ${chain.outcome}` }, outcomeName(chain.outcome));
	return chain.final_status ? el("span", { class: "end" }, String(chain.final_status)) : null;
}

function arrows(statuses) {
	const all = (statuses ?? []).filter((status) => status >= 300 && status < 400);
	const told = all.length > 6 ? [...all.slice(0, 5), `${all.length - 5} more`] : all;
	return el("span", { class: "arrows" }, told.length ? `─${told.join("→─")}→` : "→");
}

function owner(chain) {
	return [chain.tag, chain.test].filter(Boolean).map((text) => brief(text, 60, "owner"));
}

export function chainRow(chain) {
	const rules = chain.rules ?? [];
	return [
		mark(chain.verdict, { spoken: false }),
		el("span", { class: "line" },
			el("b", {}, brief(chain.method, 24, "method")), " ", place(chain.url, null), " ",
			arrows(chain.statuses), " ", chain.target ? place(chain.target, chain.url) : null, " ", end(chain)),
		el("time", { datetime: chain.time, title: chain.time }, clock(chain.time)),
		el("span", { class: "line second" },
			rules.length ? el("span", { class: "rules" }, shown(rules.slice(0, 6).join(" · "))) : null,
			chain.unverifiable ? el("span", { class: "unsure" }, `${chain.unverifiable} unverifiable`) : null,
			owner(chain),
			chain.client ? cut(chain.client, "client") : null),
		el("span", { class: "elapsed" }, duration(chain.elapsed_us)),
	];
}

export function chainWords(chain) {
	const statuses = (chain.statuses ?? []).join(", ");
	return plain([
		wordOf(chain.verdict),
		`${chain.method} ${chain.url}`,
		statuses && `redirected by ${statuses}`,
		chain.target && `to ${chain.target}`,
		chain.outcome === "completed" ? `ended in ${chain.final_status}` : outcomeName(chain.outcome),
		(chain.rules ?? []).join(", "),
	].filter(Boolean).join("; "), 400);
}
