// SPDX-License-Identifier: MIT
//
// The chosen chain.

import { button, el, fill } from "./dom.js";
import { copyButton } from "./copy.js";
import { findingList } from "./findings.js";
import { hopDiagram } from "./hops.js";
import { kindOf, mark, outcomeName, wordOf } from "./names.js";
import { moment, plain, shown, url, value } from "./text.js";
import { counted, duration } from "./units.js";

function owners(chain) {
	const rows = [
		["time", moment(chain.time, { fraction: true })],
		["tag", chain.tag && value(chain.tag, { max: 120 })],
		["test", chain.test && value(chain.test, { max: 300 })],
		["client", chain.client && value(chain.client, { max: 200 })],
		["run", chain.run && [value(chain.run, { max: 40 }), `, chain ${chain.chain}`, chain.line ? `, line ${chain.line} of the log` : null]],
	];
	return el("dl", { class: "evidence owners" }, rows.filter(([, held]) => held).map(([label, held]) =>
		[el("dt", {}, label), el("dd", {}, held)]));
}

function headOf(chain, { onClose }) {
	const parts = [
		chain.outcome === "completed" ? `ended in ${chain.final_status}` : outcomeName(chain.outcome),
		counted(chain.hops ?? (chain.hop_list ?? []).length, "hop"),
		duration(chain.elapsed_us),
		chain.unverifiable ? `${chain.unverifiable} unverifiable` : null,
	];
	return el("header", { class: `chain-head ${kindOf(chain.verdict)}` },
		button("Back to the list", onClose, { class: "quiet back" }),
		el("h2", { tabindex: "-1", id: "chain-title" }, mark(chain.verdict), " ",
			value(chain.method, { max: 40, name: "span", className: "method" }), " ", url(chain.url)),
		el("p", { class: "facts" }, el("span", { class: "word" }, wordOf(chain.verdict)),
			parts.filter(Boolean).map((part) => el("span", {}, shown(part)))));
}

function curlOf(chain, announce) {
	if (!chain.curl)
		return null;
	const line = value(chain.curl, { max: 4000, name: "pre", className: "curl" });
	line.tabIndex = 0;
	return el("section", { "aria-labelledby": "curl-title" },
		el("h3", { id: "curl-title" }, "Send the first request again"), line,
		copyButton("Copy the curl line", chain.curl, line, announce));
}

export class Detail {
	#box;
	#options;
	#told = "";

	// options: onClose(), onRule(id), announce(text)
	constructor(box, options) {
		this.#box = box;
		this.#options = options;
	}

	// Shows a chain; again is cheap and leaves what was opened as it is, unless the chain has changed.
	show(chain) {
		const told = JSON.stringify(chain);
		if (told === this.#told)
			return;
		const again = this.#box.dataset.chain === String(chain.id);
		const scrolled = again ? this.#box.scrollTop : 0;
		const within = this.#box.contains(document.activeElement);
		this.#told = told;
		this.#box.dataset.chain = String(chain.id);
		fill(this.#box, headOf(chain, this.#options),
			el("section", { "aria-labelledby": "findings-title" },
				el("h3", { id: "findings-title" }, (chain.finding_list ?? []).length ? `Findings (${chain.finding_list.length})` : "Findings"),
				findingList(chain, this.#options.onRule)),
			el("section", { "aria-labelledby": "hops-title" }, el("h3", { id: "hops-title" }, "Hops"), hopDiagram(chain)),
			curlOf(chain, this.#options.announce),
			el("section", { "aria-labelledby": "about-title" }, el("h3", { id: "about-title" }, "About this chain"), owners(chain)));
		this.#box.scrollTop = scrolled;
		if (within)
			this.focus();
	}

	problem(message) {
		this.#told = "";
		delete this.#box.dataset.chain;
		fill(this.#box, el("header", { class: "chain-head" }, button("Back to the list", this.#options.onClose, { class: "quiet back" }),
			el("h2", { tabindex: "-1", id: "chain-title" }, "This chain can’t be shown")), el("p", {}, plain(message)));
	}

	clear(words) {
		if (this.#told === words && !this.#box.dataset.chain)
			return;
		this.#told = words;
		delete this.#box.dataset.chain;
		fill(this.#box, el("p", { class: "nothing chosen-none" }, words));
	}

	focus() {
		this.#box.querySelector("#chain-title")?.focus();
	}
}
