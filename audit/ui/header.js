// SPDX-License-Identifier: MIT
//
// The bar on top: whose traffic this is, its totals, and whether the page hears of what happens.

import { byId, el, fill } from "./dom.js";
import { plain, shown } from "./text.js";
import { bytes, count } from "./units.js";

const STATES = {
	connecting: "connecting",
	live: "live",
	saved: "saved log",
	importing: "reading the log",
	lost: "connection lost, trying again",
};

export class Header {
	#state = "";
	#announce;

	constructor({ announce }) {
		this.#announce = announce;
	}

	connection(state) {
		if (state === this.#state)
			return;
		const before = this.#state;
		this.#state = state;
		byId("connection").dataset.state = state;
		byId("connection-text").textContent = STATES[state];
		if (state === "lost" || before === "lost")
			this.#announce(STATES[state]);
	}

	totals(status) {
		const findings = status.findings ?? {};
		const rows = [
			["exchange", status.exchanges, ""],
			["redirect", status.redirects, ""],
			["chain", status.chains, ""],
			["error", findings.error, "error"],
			["warning", findings.warning, "warning"],
			["note", findings.info, "info"],
			["lost event", status.lost || null, "error"],
		];
		fill(byId("totals"), rows.filter(([, n]) => n !== undefined && n !== null).map(([label, n, kind]) =>
			el("div", { class: n ? kind : "zero" }, el("dt", {}, n === 1 ? label : `${label}s`), el("dd", {}, count(n)))));
		const log = status.log ? String(status.log) : "";
		const name = log.split("/").at(-1);
		const source = byId("source");
		fill(source, shown(plain(name, 80)));
		source.title = plain([log, status.run && `run ${status.run}`].filter(Boolean).join(", "));
		document.title = [findings.error ? `${count(findings.error)} ✗` : null, status.live ? null : plain(name, 60), "hopaudit"].filter(Boolean).join(" · ");
	}

	// The server wants its token, and this browser has none, or an old one.
	locked() {
		const notice = byId("notice");
		notice.hidden = false;
		fill(notice, "This dashboard needs its token: open the URL that hopaudit printed when it started.");
	}

	// How far the log was read; true until all of it was.
	importing(status) {
		const { offset = 0, size = 0, done = offset >= size } = status.import ?? {};
		const going = !status.live && !done;
		const notice = byId("notice");
		notice.hidden = !going;
		if (going) {
			const bar = document.createElement("progress");
			bar.max = size;
			bar.value = offset;
			bar.setAttribute("aria-label", "The log is being read");
			fill(notice, bar, ` ${bytes(offset)} of ${bytes(size)} read`);
		}
		return going;
	}
}
