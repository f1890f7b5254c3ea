// SPDX-License-Identifier: MIT
//
// Keys that hold everywhere. In a field that is written in only Escape does.

const WRITTEN = "input, select, textarea";

// actions: {next, before, filter, help, back, facets, copy}; `busy()` while a dialog is open, which has its own keys.
export function startKeys(actions, { busy }) {
	const plainKeys = {
		j: actions.next, k: actions.before, "/": actions.filter, "?": actions.help, f: actions.facets, c: actions.copy,
	};
	addEventListener("keydown", (event) => {
		if (event.defaultPrevented || event.altKey || event.ctrlKey || event.metaKey || event.isComposing || busy())
			return;
		if (event.key === "Escape") {
			actions.back(event.target);
			return;
		}
		const action = plainKeys[event.key];
		if (!action || event.target.closest?.(WRITTEN))
			return;
		event.preventDefault();
		action();
	});
}
