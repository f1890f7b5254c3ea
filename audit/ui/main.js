// SPDX-License-Identifier: MIT
//
// The page: ties its parts together. What is looked at lives in the route; everything that changes it goes through there.

import { askChain, askChains, askFacets, askRules, askStatus } from "./api.js";
import { byId } from "./dom.js";
import { Detail } from "./detail.js";
import { showEmpty } from "./empty.js";
import { follow } from "./events.js";
import { Facets } from "./facets.js";
import { FilterBox } from "./filter_box.js";
import { toggled, termOf } from "./filter_words.js";
import { Header } from "./header.js";
import { Help } from "./help.js";
import { startKeys } from "./keys.js";
import { List } from "./list.js";
import { paced, settled } from "./pace.js";
import { Pages } from "./pages.js";
import { Route } from "./route.js";
import { startTheme } from "./theme.js";
import { counted } from "./units.js";

const LIST_MS = 250; // between two looks at what changed
const STATUS_MS = 1000;
const FACETS_MS = 2000;
const CHAIN_MS = 1000;
const narrow = matchMedia("(max-width: 52rem)"); // as in panes.css: there the chosen chain takes the place of the list
const HINT = "Choose a chain to see its hops: by click, or by j and k.";

const route = new Route();
let status = null;
let connected = "connecting";
let rules = [];
let fresh = 0; // chains above what is seen, which came since

const announcer = byId("announcer");
const announce = settled((text) => {
	announcer.textContent = text;
}, 300);

const header = new Header({ announce });
const detail = new Detail(byId("chain"), {
	onClose: () => leaveChain(),
	onRule: (id) => route.go({ filter: termOf("rule", id) }),
	announce,
});
const facets = new Facets(byId("facets"), {
	toggle: (term) => route.go({ filter: toggled(route.now.filter, term) }),
});
const help = new Help(byId("help"), { onExample: (filter) => route.go({ filter }) });
const pages = new Pages({
	fetch: askChains,
	onRows: () => {
		list.changed(pages.total);
		tellCount();
	},
	onProblem: () => {}, // the connection's state says so, and the next change asks again
});
const list = new List(byId("list"), {
	row: (i) => pages.row(i),
	onWindow: (first, last) => {
		pages.want(first, last);
		if (fresh && list?.atTop)
			tellFresh(0);
	},
	onChoose: (row, how) => choose(row, how),
});
const filterBox = new FilterBox({
	known: (field) => field === "rule" && rules.length ? rules.map(({ id }) => ({ value: id })) : facets.known(field),
	onChange: (text, { final }) => tryFilter(text, final),
});

// the list

function tellCount() {
	const { filter } = route.now;
	byId("count").textContent = filter ? `${counted(pages.total, "chain")} of ${counted(status?.chains ?? pages.total, "chain").split(" ")[0]}` : counted(pages.total, "chain");
	const empty = pages.total === 0;
	byId("list").hidden = empty;
	const box = byId("empty");
	if (empty)
		showEmpty(box, { status, filter, onClear: () => route.go({ filter: "" }) });
	box.hidden = !empty;
	if (route.now.chain === null)
		detail.clear(pages.total ? HINT : "");
}

function tellFresh(n) {
	fresh = n;
	const button = byId("fresh");
	button.hidden = n === 0;
	button.textContent = `${counted(n, "new chain")} ↑`;
}

// Shows what the route asks for, in a list of its own.
async function askList({ say, soon = false }) {
	const { filter, order } = route.now;
	try {
		if (!await pages.ask({ filter, order }))
			return;
		filterBox.right();
		tellFresh(0);
		list.reset(pages.total, route.now.chain ? pages.indexOf(route.now.chain) : -1);
		tellCount();
		if (say)
			announce(counted(pages.total, "chain"));
		askFacetsSoon();
	} catch (problem) {
		if (problem.status === 400)
			filterBox.wrong(problem, { soon });
	}
}

// What is being typed is tried before it is looked at: only a right filter comes into the route.
async function tryFilter(text, final) {
	const filter = text.trim();
	if (filter === route.now.filter) {
		filterBox.right();
		return;
	}
	try {
		await askChains({ filter, limit: 1 });
	} catch (problem) {
		if (problem.status === 400 && filterBox.text === text)
			filterBox.wrong(problem, { soon: !final });
		return;
	}
	if (filterBox.text === text)
		route.go({ filter }, { replace: !final && Boolean(route.now.filter) });
}

const refreshList = paced(async () => {
	const { order } = route.now;
	const wasTop = list.atTop;
	const grown = await pages.refresh(list.first, list.last + (wasTop ? 0 : 60));
	const above = order === "newest" ? grown : 0;
	list.grown(pages.total, above);
	if (above > 0 && !wasTop)
		tellFresh(fresh + above);
	tellCount();
}, LIST_MS);

const askFacetsSoon = paced(async () => {
	const { filter } = route.now;
	try {
		const answer = await askFacets(filter);
		if (filter === route.now.filter)
			facets.show(answer, filter);
	} catch {
		// the old ones stay until the next change
	}
}, FACETS_MS);

// the chosen chain

function choose(row, how) {
	const replace = how === "key" && route.now.chain !== null;
	route.go({ chain: String(row.id) }, { replace });
	if (how !== "key")
		detailAsked.then(() => detail.focus());
}

let detailAsked = Promise.resolve();
let controller = null;

async function askDetail() {
	const id = route.now.chain;
	document.body.classList.toggle("has-chain", id !== null);
	controller?.abort();
	if (id === null) {
		detail.clear(pages.total ? HINT : "");
		return;
	}
	controller = new AbortController();
	try {
		const chain = await askChain(id, controller.signal);
		if (id === route.now.chain)
			detail.show(chain);
	} catch (problem) {
		if (problem.name !== "AbortError" && id === route.now.chain)
			detail.problem(problem.status === 404 ? "It is not in the store: a limit of size or age may have taken it." : problem.message);
	}
}

const refreshDetail = paced(() => route.now.chain === null ? undefined : askDetail(), CHAIN_MS);

function leaveChain() {
	route.go({ chain: null });
	list.focus();
}

// the whole

const refreshStatus = paced(async () => {
	try {
		status = await askStatus();
	} catch (problem) {
		if (problem.status === 401)
			header.locked();
		return;
	}
	header.totals(status);
	const importing = header.importing(status);
	header.connection(connected !== "live" ? connected : status.live ? "live" : importing ? "importing" : "saved");
	tellCount();
	if (importing)
		setTimeout(refreshStatus, STATUS_MS);
}, STATUS_MS);

function refreshAll() {
	refreshList();
	refreshStatus();
	refreshDetail();
	askFacetsSoon();
}

route.addEventListener("change", ({ detail: { now, before } }) => {
	const other = now.filter !== before.filter || now.order !== before.order;
	if (now.filter !== before.filter && filterBox.text.trim() !== now.filter)
		filterBox.set(now.filter);
	byId("order").value = now.order;
	if (now.chain !== before.chain) {
		detailAsked = askDetail();
		if (!other)
			list.mark(now.chain === null ? list.active : pages.indexOf(now.chain));
	}
	if (other)
		askList({ say: true });
});

byId("order").addEventListener("change", (event) => route.go({ order: event.target.value }));
byId("fresh").addEventListener("click", () => {
	list.toTop();
	tellFresh(0);
	list.focus();
});
byId("help-open").addEventListener("click", () => help.open());
byId("facets-toggle").addEventListener("click", () => toggleFacets());

function toggleFacets() {
	const open = document.body.classList.toggle("has-facets");
	byId("facets-toggle").setAttribute("aria-expanded", String(open));
}

startTheme(byId("theme"));
startKeys({
	next: () => list.move(1),
	before: () => list.move(-1),
	filter: () => filterBox.focus(),
	help: () => help.open(),
	facets: toggleFacets,
	copy: () => byId("chain").querySelector(".copy")?.click(),
	back: (from) => {
		if ((from.closest?.("#list") || narrow.matches) && route.now.chain !== null)
			route.go({ chain: null });
		list.focus();
	},
}, { busy: () => help.isOpen });

filterBox.set(route.now.filter);
byId("order").value = route.now.order;
askRules().then((answer) => {
	rules = answer.rules ?? [];
}, () => {});
askList({ say: false });
detailAsked = askDetail();
refreshStatus();
follow({
	onChange: refreshAll,
	onState: (state) => {
		connected = state;
		if (state === "lost")
			header.connection("lost");
		else
			refreshStatus();
	},
});
